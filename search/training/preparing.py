"""From sources to a dataset: observations of one query together, filtered, with texts, each pair once."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any, Literal, NamedTuple

from onnx_models.storage import storing
from onnx_models.training.dataset import DatasetWriter, Kind, Passage, RankList
from onnx_models.training.errors import EmptyDataset
from search.training import filters
from search.training.excluding import Exclusions
from search.training.observations import Source
from search.training.partitions import Partitions
from search.training.tally import NO_TEXT, Tally
from search.training.texts import Described, Lookup

REPEATED, ALSO_CHOSEN, NO_POSITIVE = "repeated", "shown and also chosen", "no chosen article is left"

_IDS_AT_ONCE = 1000
_TOLD_EVERY = 10_000


class Progress(NamedTuple):
    """How far it is."""

    step: Literal["reading", "writing"]
    read: int
    """Lines, entries and articles so far."""
    written: int
    """Examples so far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What a dataset is made of, and how."""

    sources: Sequence[Source]
    kind: Kind
    """Keyword queries of logs are dropped for `lists`, which re-rankers learn from."""
    lookup: Lookup = field(default_factory=Lookup)
    exclusions: Exclusions = field(default_factory=Exclusions)
    journals: Collection[str] = ()
    """Further journals by name, as lower-case words joined by spaces."""


class _Seen(NamedTuple):
    """An observation with the number of its source, as it lies in a partition."""

    source: int
    query: str
    article: str
    clicks: int
    query_id: str
    text: tuple[str, str] | None


def prepare(recipe: Recipe, writer: DatasetWriter, tally: Tally, workspace: Path) -> Iterator[Progress]:
    """Write what the sources hold and the filters leave; then `writer.finish(tally.as_json())` puts it in its place.

    Queries of equal words, in any case, are one query, whose clicks are summed: also those of different sources.

    Raises:
        EmptyDataset: nothing is left.
        SearchError, IndexerError, ModelError: a source, the index or the disk cannot be read or written.
    """
    with storing(writer.folder), Partitions(workspace / "partitions") as partitions:
        for done, seen in enumerate(_observed(recipe, tally, workspace), start=1):
            partitions.add(query_key(seen.query), tuple(seen))
            if done % _TOLD_EVERY == 0:
                yield Progress("reading", tally.read, 0)
        for some in _together(partitions.groups()):
            known = _known(some, recipe)
            for group in some:
                ranked = _ranked(_unfiltered(group, known, recipe, tally), known, tally)
                if ranked is not None:
                    writer.write(ranked)
            yield Progress("writing", tally.read, writer.examples)
    if not writer.examples:
        raise EmptyDataset(folder=writer.folder, counts=tally.in_words())


def _observed(recipe: Recipe, tally: Tally, workspace: Path) -> Iterator[_Seen]:
    """All that the sources hold; an id of a query is told apart from those of other sources."""
    for number, (source, counts) in enumerate(zip(recipe.sources, tally.sources, strict=True)):
        of_source = f"{counts.name}:" if len(recipe.sources) > 1 else ""
        for seen in source.read(counts, workspace):
            id = f"{of_source}{seen.query_id}" if seen.query_id else ""
            yield _Seen(number, seen.query.strip(), seen.article, seen.clicks, id, seen.text)


def query_key(query: str) -> str:
    """What queries of equal words have in common."""
    return " ".join(query.casefold().split())


def _together(groups: Iterable[list[Any]]) -> Iterator[list[list[_Seen]]]:
    """Some groups at a time, so that texts are looked up many at once."""
    some: list[list[_Seen]] = []
    waiting = 0
    for group in groups:
        some.append([_Seen(*row) for row in group])
        waiting += len(group)
        if waiting >= _IDS_AT_ONCE:
            yield some
            some, waiting = [], 0
    if some:
        yield some


class _Known(NamedTuple):
    """What is known of the articles of some groups."""

    texts: Mapping[str, Described]
    kept_out: Mapping[str, str]
    """Id → why."""


def _known(groups: Sequence[Sequence[_Seen]], recipe: Recipe) -> _Known:
    texts = recipe.lookup.find({one.article for group in groups for one in group if one.text is None})
    reasons = {id: recipe.exclusions.why(id, one.title, one.abstract) for id, one in texts.items()}
    return _Known(texts, {id: why for id, why in reasons.items() if why})


def _unfiltered(group: Sequence[_Seen], known: _Known, recipe: Recipe, tally: Tally) -> list[_Seen]:
    """What of one query stays, with texts; the rest is counted."""
    logged = {number for number, source in enumerate(recipe.sources) if source.is_log}
    why_not = _dropped([one for one in group if one.source in logged], known, recipe)
    stays = []
    for one in group:
        why = (why_not if one.source in logged else "") or ("" if one.text else known.kept_out.get(one.article, ""))
        if not why and not (any(one.text) if one.text else one.article in known.texts):
            why = NO_TEXT
            tally.miss(one.article)
        if why:
            tally.sources[one.source].removed[why] += 1
        else:
            stays.append(one)
    return stays


def _dropped(logged: Sequence[_Seen], known: _Known, recipe: Recipe) -> str:
    """Why people's searches with these words are dropped; "" where they are kept."""
    if not logged:
        return ""
    query, ids = logged[0].query, {one.article for one in logged if one.clicks > 0}
    clicked = [known.texts[id] for id in sorted(ids) if id in known.texts]
    why = filters.navigational(query, clicked, recipe.journals)
    if why or recipe.kind == "pairs":
        return why
    return filters.keyword(query, clicked)


def _ranked(stays: Sequence[_Seen], known: _Known, tally: Tally) -> RankList | None:
    """The query with each article once; None where none was chosen."""
    positives: dict[str, int] = {}
    negatives: dict[str, None] = {}
    texts: dict[str, Passage] = {}
    for one in sorted(stays, key=lambda one: one.clicks == 0):  # what was chosen first, else as it came
        counts = tally.sources[one.source]
        if one.article in positives or one.article in negatives:
            counts.removed[REPEATED if one.clicks or one.article in negatives else ALSO_CHOSEN] += 1
        elif one.clicks == 0 and not positives:
            counts.removed[NO_POSITIVE] += 1
            continue
        else:
            counts.positives += one.clicks > 0
            counts.negatives += one.clicks == 0
            texts[one.article] = Passage(one.article, *(one.text or known.texts[one.article][:2]))
        if one.clicks:
            positives[one.article] = positives.get(one.article, 0) + one.clicks
        elif one.article not in positives:
            negatives[one.article] = None
    if not positives:
        return None
    tally.queries_without_negatives += not negatives
    return RankList(
        query_id=next((one.query_id for one in stays if one.query_id), "") or _made_id(stays[0].query),
        query=stays[0].query,
        positives=tuple((texts[id], clicks) for id, clicks in positives.items()),
        negatives=tuple(texts[id] for id in negatives),
    )


def _made_id(query: str) -> str:
    return f"q{blake2b(query_key(query).encode('utf-8', 'replace'), digest_size=8).hexdigest()}"
