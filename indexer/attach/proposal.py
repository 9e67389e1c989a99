"""Which field of somebody's index is what: a field map proposed from the mapping and a sample, with its reasons.

Names count most, as people choose them to be understood; what the sample holds decides between names, and where no
name says anything. Add a name that people use: the tables below.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from indexer.attach.sample import Held, Sample
from indexer.engines.opensearch.attached.errors import NoText
from indexer.engines.opensearch.attached.field_map import FILTERED, FieldMap
from indexer.engines.opensearch.attached.leaves import DATES, KEYWORDS, NUMBERS, TEXTS, Leaf

TITLES = ("title", "headline", "heading", "subject", "article_title", "doc_title", "label", "name")
TEXT_NAMES = (
    "abstract",
    "abstract_text",
    "summary",
    "text",
    "body",
    "content",
    "full_text",
    "fulltext",
    "passage",
    "description",
    "note",
    "message",
)
YEARS = ("year", "pub_year", "publication_year", "pub_date", "publication_date", "published", "date", "issued")
LATER_DATES = ("created", "created_at", "timestamp", "@timestamp", "updated", "updated_at")
FILTERS: Mapping[str, tuple[str, ...]] = {
    "journal": ("journal", "venue", "journal_title", "publication", "magazine"),
    "type": ("type", "publication_type", "publication_types", "document_type", "doc_type", "doctype", "category"),
    "language": ("language", "lang", "languages"),
    "mesh": ("mesh", "mesh_terms", "mesh_headings"),
}
"""Filters that every index of ours has → names of fields that are such."""
RETRACTED = ("retracted", "is_retracted")

_MOST_FILTERS = 20
_MOST_OTHERS = 10
"""Fields that are only told of."""
_RARE, _LONG = 0.2, 30.0
"""A field that fewer documents have, or that has a smaller part of the words of the longest text and fewer than so
many, is taken for the text only if there is no other."""
_FIRST_YEAR, _LAST_YEAR = 1000, 2200


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A map, and why it is so."""

    map: FieldMap
    reasons: Mapping[str, str]
    """`title`, `text`, `year`, `retracted`, `filters.NAME` → one line."""
    documents: int
    """That were looked at."""
    others: Sequence[str] = ()
    """What else could have been chosen, a line each."""


def propose(leaves: Mapping[str, Leaf], sample: Sample, *, address: object) -> Proposal:
    """A map for an index with these fields.

    Raises: NoText, where no field could be searched for words.
    """
    texts = [leaf for leaf in leaves.values() if leaf.type in TEXTS and _can_serve(leaf) and _is_first(leaf, leaves)]
    if not texts:
        raise NoText(address=address, fields=sorted(leaf.path for leaf in leaves.values()))
    title = _title(texts, sample)
    bodies = [leaf for leaf in texts if leaf is not title]
    text = _text(bodies, sample) or texts[0]
    if text is title:
        title = None  # one text alone is no title of something
    year = _year(leaves.values(), sample)
    retracted = _named(leaves.values(), RETRACTED, frozenset({"boolean"}))
    taken = {leaf.path for leaf in (year, retracted) if leaf is not None}
    filters = dict(_filters([leaf for leaf in leaves.values() if leaf.path not in taken], sample))
    chosen = {"title": title, "text": text, "year": year, "retracted": retracted}
    return Proposal(
        map=FieldMap(
            title=title.path if title else "",
            text=(text.path,),
            year=year.path if year else "",
            retracted=retracted.path if retracted else "",
            filters={name: leaf.path for name, leaf in filters.items()},
        ),
        reasons={
            **{role: _reason(leaf, sample) for role, leaf in chosen.items() if leaf is not None},
            **{f"filters.{name}": _reason(leaf, sample) for name, leaf in filters.items()},
        },
        documents=sample.documents,
        others=[*_others(bodies, text, sample), *_nested(leaves.values())],
    )


def _can_serve(leaf: Leaf) -> bool:
    return leaf.is_searched and not leaf.is_nested


def _is_first(leaf: Leaf, leaves: Mapping[str, Leaf]) -> bool:
    """Whether it is no further analysis of a text: of a multi-field that is no text itself, any part may be."""
    return leaf.path == leaf.source or (leaf.source in leaves and leaves[leaf.source].type not in TEXTS)


def _rank(leaf: Leaf, names: Sequence[str]) -> int:
    """The place of its name among these; after all of them for another name."""
    return names.index(leaf.name) if leaf.name in names else len(names)


def _title(texts: Sequence[Leaf], sample: Sample) -> Leaf | None:
    """The first by name; no other field is taken for a title."""
    named = [leaf for leaf in texts if leaf.name in TITLES]
    return min(named, key=lambda leaf: (-(sample.of(leaf).share > 0), _rank(leaf, TITLES), leaf.path), default=None)


def _text(texts: Sequence[Leaf], sample: Sample) -> Leaf | None:
    """By name among those that hold texts; else the one with the most words."""
    most = max((sample.of(leaf).words for leaf in texts), default=0.0)

    def key(leaf: Leaf) -> tuple[bool, int, float, str]:
        held = sample.of(leaf)
        is_text = held.share >= _RARE and held.words >= min(_LONG, most * _RARE)
        return not is_text, _rank(leaf, TEXT_NAMES), -held.words * held.share, leaf.path

    return min(texts, key=key, default=None)


def _year(leaves: Iterable[Leaf], sample: Sample) -> Leaf | None:
    usable = [leaf for leaf in leaves if _can_serve(leaf) and (leaf.type in DATES or _holds_years(leaf, sample))]
    names = (*YEARS, *LATER_DATES)
    known = [leaf for leaf in usable if leaf.name in names or leaf.type in DATES]
    return min(known, key=lambda leaf: (_rank(leaf, names), -sample.of(leaf).share, leaf.path), default=None)


def _holds_years(leaf: Leaf, sample: Sample) -> bool:
    if leaf.type not in NUMBERS | KEYWORDS or leaf.name not in YEARS:
        return False
    found = [example[:4] for example in sample.of(leaf).examples]
    return all(year.isdecimal() and _FIRST_YEAR <= int(year) <= _LAST_YEAR for year in found)


def _named(leaves: Iterable[Leaf], names: Sequence[str], types: frozenset[str]) -> Leaf | None:
    found = [leaf for leaf in leaves if _can_serve(leaf) and leaf.type in types and leaf.name in names]
    return min(found, key=lambda leaf: (_rank(leaf, names), leaf.path), default=None)


def _filters(leaves: Sequence[Leaf], sample: Sample) -> Iterator[tuple[str, Leaf]]:
    """Ours by name first; then others of theirs, those with the fewest values first."""
    taken: set[str] = set()
    for name, known in FILTERS.items():
        leaf = _named(leaves, known, KEYWORDS)
        if leaf is not None:
            taken.add(leaf.source)
            yield name, leaf
    rest = [leaf for leaf in leaves if _can_serve(leaf) and leaf.type in FILTERED and leaf.source not in taken]
    used = {*FILTERS, "id", "year", "flag"}
    best = sorted(rest, key=lambda leaf: (sample.of(leaf).distinct or 1 << 30, leaf.path))
    for leaf in best:
        if len(taken) >= _MOST_FILTERS:
            return
        if leaf.source in used or _is_prose(sample.of(leaf)):
            continue
        used.add(leaf.source)
        taken.add(leaf.source)
        yield leaf.source, leaf


def _is_prose(held: Held) -> bool:
    return held.words > 8


def _reason(leaf: Leaf, sample: Sample) -> str:
    held = sample.of(leaf)
    if not sample.documents:
        return f"type {leaf.type}; the index has no document to look at"
    where = f"type {leaf.type}, in {held.share:.0%} of {sample.documents:,} documents"
    if not held.share:
        return where
    much = f"{held.words:.0f} words on average" if leaf.type in TEXTS else f"{held.distinct:,} different values"
    return f"{where}, {much}, such as {', '.join(map(repr, held.examples))}"


def _others(texts: Sequence[Leaf], chosen: Leaf, sample: Sample) -> Iterator[str]:
    rest = [leaf for leaf in texts if leaf is not chosen and sample.of(leaf).share > 0]
    rest.sort(key=lambda leaf: (-sample.of(leaf).words * sample.of(leaf).share, leaf.path))
    for leaf in rest[:_MOST_OTHERS]:
        yield f"{leaf.path}: {_reason(leaf, sample)}"
    if len(rest) > _MOST_OTHERS:
        yield f"… and {len(rest) - _MOST_OTHERS:,} more"


def _nested(leaves: Iterable[Leaf]) -> Iterator[str]:
    paths = sorted(leaf.path for leaf in leaves if leaf.is_nested and leaf.type in TEXTS)
    if paths:
        shown = ", ".join(paths[:_MOST_OTHERS]) + (", …" if len(paths) > _MOST_OTHERS else "")
        yield f"{shown}: within nested objects, which no plain query reaches, so they cannot be in the map"
