"""Pairs that articles hold in themselves: title → abstract, and conclusion → rest of a structured abstract.

The passage never holds the words of its query: it comes without its title, or without its conclusion.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeAlias

from indexer.article import Article, Section
from indexer.engines.protocol import Reader
from search.training.excluding import Exclusions
from search.training.likeness import words
from search.training.observations import Observation
from search.training.tally import SourceTally

LEAST_QUERY_WORDS, LEAST_PASSAGE_WORDS = 3, 20
"""Shorter ones say too little to be found by."""

_LABEL = re.compile(r"(?:(?<=^)|(?<=[.!?)\]] ))([A-Z][A-Z0-9 &/,'’()-]{2,60}): ")
_CONCLUDES = re.compile(r"\b(?:CONCLUSIONS?|CONCLUDING|INTERPRETATION)\b", re.IGNORECASE)


class Taken(NamedTuple):
    """A query cut out of an article, and what is left of it."""

    query: str
    title: str
    abstract: str


Cut: TypeAlias = Callable[[Article], Taken | str]
"""The query and the rest; or why there is none."""


def title(article: Article) -> Taken | str:
    """The title as the query, the abstract alone as the passage."""
    query = article.title.strip().removeprefix("[").rstrip(".").removesuffix("]").strip()
    if not query or not article.abstract.strip():
        return "without title or abstract"
    return Taken(query, "", article.abstract)


def conclusion(article: Article) -> Taken | str:
    """The conclusion as the query, title and the other sections as the passage."""
    sections = article.sections or labelled(article.abstract)
    concluding = [one for one in sections if _CONCLUDES.search(one.category) or _CONCLUDES.search(one.label)]
    rest = [one for one in sections if one not in concluding]
    if not concluding or not rest:
        return "without a conclusion and other sections"
    return Taken(" ".join(one.text.strip() for one in concluding), article.title, _joined(rest))


CUTS: dict[str, Cut] = {"titles": title, "conclusions": conclusion}
"""Name on the command line → how the pair is cut out. Add a structure here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnStructure:
    """All articles of an index, each as its own answer."""

    index: Reader
    cut: str
    """A name in CUTS."""
    exclusions: Exclusions
    is_log: bool = False

    @property
    def name(self) -> str:
        """What is cut out."""
        return f"own {self.cut}"

    def read(self, tally: SourceTally, workspace: Path) -> Iterator[Observation]:
        """An observation for each article that has such a structure."""
        for row in self.index.rows():
            if not isinstance(row.record, Article):
                continue
            tally.read += 1
            found = self._taken(row.record)
            if isinstance(found, str):
                tally.removed[found] += 1
            else:
                yield Observation(found.query, row.record.id, 1, text=(found.title, found.abstract))

    def _taken(self, article: Article) -> Taken | str:
        found = CUTS[self.cut](article)
        if isinstance(found, str):
            return found
        asked, passage = words(found.query), words(found.abstract)
        if len(asked) < LEAST_QUERY_WORDS or len(passage) < LEAST_PASSAGE_WORDS:
            return "too short"
        if f" {' '.join(asked)} " in f" {' '.join([*words(found.title), '.', *passage])} ":
            return "passage contains the query"
        return self.exclusions.why(article.id, *article.passage) or found


def labelled(abstract: str) -> list[Section]:
    """The sections of `BACKGROUND: … CONCLUSIONS: …`, as they are written into one text; [] without labels."""
    pieces = _LABEL.split(abstract)
    before = [Section(text=pieces[0].strip())] if pieces[0].strip() else []
    labels, texts = pieces[1::2], pieces[2::2]
    found = [Section(text=text.strip(), label=label) for label, text in zip(labels, texts, strict=True) if text.strip()]
    return [*before, *found] if found else []


def _joined(sections: Sequence[Section]) -> str:
    return " ".join(f"{one.label}: {one.text}" if one.label else one.text for one in sections)
