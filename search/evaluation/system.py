"""A system: a named recipe of how questions are answered, and how it is read from and written to TOML."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, NamedTuple, get_args

from indexer.errors import UnknownField
from indexer.fields import searched
from indexer.queries import Boosts
from onnx_models import RerankerChoice
from search.errors import BadSystem, InvalidRequest
from search.filters import Filters, parse_years
from search.fusion import FUSIONS
from search.request import Mode, SearchRequest

_ASKED = SearchRequest(query="…")
_NAME = re.compile(r"[\w+][\w+.-]{0,79}")


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """All that decides an order: what is asked of the index and the models, but for the question itself."""

    name: str
    request: SearchRequest = field(default_factory=lambda: SearchRequest(query="…"))
    """What every topic is asked with; its `query` is replaced by the topic's."""
    rerank: RerankerChoice = "none"
    """The re-ranker; `auto` is what `biocpt search` would choose."""

    def asks(self, query: str, ids: tuple[str, ...] | None = None) -> SearchRequest:
        """The request for one question, over the system's filters and, where `ids` are given, among these alone."""
        filters = self.request.filters
        if ids is not None:
            allowed = None if filters.ids is None else frozenset(filters.ids)
            filters = replace(filters, ids=tuple(id for id in ids if allowed is None or id in allowed))
        return replace(self.request, query=query, filters=filters, rerank=self.rerank != "none")


BUILT_IN: dict[str, System] = {
    "lexical": System(name="lexical", request=replace(_ASKED, mode="lexical")),
    "dense": System(name="dense", request=replace(_ASKED, mode="dense")),
    "hybrid": System(name="hybrid", request=replace(_ASKED, mode="hybrid")),
    "hybrid+rerank": System(name="hybrid+rerank", request=replace(_ASKED, mode="hybrid"), rerank="auto"),
}
"""Systems that need no file."""


class _Key(NamedTuple):
    """What a key of the file may hold."""

    kinds: tuple[type, ...]
    said: str
    choices: tuple[str, ...] = ()


_KEYS: dict[str, _Key] = {
    "name": _Key((str,), "text"),
    "mode": _Key((str,), "text", get_args(Mode)),
    "fusion": _Key((str,), "text", tuple(FUSIONS)),
    "rrf_k": _Key((int,), "a whole number"),
    "dense_weight": _Key((int, float), "a number"),
    "depth": _Key((int,), "a whole number"),
    "rerank": _Key((str,), "text", get_args(RerankerChoice)),
    "rerank_depth": _Key((int,), "a whole number"),
    "rerank_mix": _Key((int, float), "a number"),
    "boosts": _Key((dict,), "a table"),
    "filters": _Key((dict,), "a table"),
}
_LISTS = _Key((list,), "a list of texts")
_SWITCH = _Key((bool,), "true or false")
_FILTER_KEYS: dict[str, _Key] = {
    "years": _Key((str,), "text such as '2015-2020'"),
    **dict.fromkeys(("journals", "types", "mesh", "languages", "ids"), _LISTS),
    **dict.fromkeys(("has_abstract", "no_retracted"), _SWITCH),
}
_OF_REQUEST = ("mode", "fusion", "rrf_k", "dense_weight", "depth", "rerank_depth", "rerank_mix")


def parse(names: str) -> tuple[System, ...]:
    """The systems of `a.toml,lexical`: files, and names of built-in ones.

    Raises:
        BadSystem: no such file or name, a file that describes no system, or two systems of one name.
    """
    found = [_named(name.strip()) for name in names.split(",") if name.strip()]
    if not found:
        raise BadSystem(f"No systems are named. Built in: {', '.join(BUILT_IN)}; or give TOML files.")
    seen: set[str] = set()
    for system in found:
        if system.name in seen:
            raise BadSystem(f"Two systems are named {system.name!r}. Give one of them another `name`.")
        seen.add(system.name)
    return tuple(found)


def read(path: Path) -> System:
    """The system that a TOML file describes; its name is the file's where it says none.

    Raises:
        BadSystem: the file cannot be read, a key is unknown, or a value is of the wrong type or out of range.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadSystem(f"Cannot read the system {str(path)!r}: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSystem(f"The system {str(path)!r} is not TOML: {error}.") from error
    where = f"The system {str(path)!r}"
    _check(table, _KEYS, where)
    name = table.get("name", path.stem)
    if not _NAME.fullmatch(name):
        raise BadSystem(f"{where} has the name {name!r}. Names runs and files: letters, digits and _ + - . alone.")
    try:
        filters = _filters(table.get("filters", {}), where)
        asked = {key: table[key] for key in _OF_REQUEST if key in table}
        asked["boosts"] = _boosts(table.get("boosts", {}), where)
        rerank = table.get("rerank", "none")
        return System(name=name, request=replace(_ASKED, filters=filters, **asked), rerank=rerank)
    except (InvalidRequest, UnknownField) as error:
        raise BadSystem(f"{where}: {error}") from error


def write(system: System) -> str:
    """The TOML that `read` makes the same system of; a system has all its keys, whatever the defaults become."""
    import tomli_w

    request = system.request
    table: dict[str, Any] = {"name": system.name, "rerank": system.rerank}
    table |= {key: value for key in _OF_REQUEST if (value := getattr(request, key)) is not None}
    table |= {"boosts": dict(request.boosts), "filters": _filter_table(request.filters)}
    return tomli_w.dumps({key: table[key] for key in _KEYS if key in table and table[key] != {}})


def _named(name: str) -> System:
    if name in BUILT_IN:
        return BUILT_IN[name]
    path = Path(name)
    if path.suffix == ".toml" or path.exists():
        return read(path)
    raise BadSystem(f"No system {name!r}. Built in: {', '.join(BUILT_IN)}; or give a TOML file.")


def _check(table: Mapping[str, Any], keys: Mapping[str, _Key], where: str) -> None:
    for key, value in table.items():
        if key not in keys:
            raise BadSystem(f"{where} has an unknown key {key!r}. Known: {', '.join(keys)}.")
        kinds, said, choices = keys[key]
        is_wrong = not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds)
        if is_wrong or (isinstance(value, list) and not all(isinstance(item, str) for item in value)):
            raise BadSystem(f"{where}: {key!r} is {value!r}; it must be {said}.")
        if choices and value not in choices:
            raise BadSystem(f"{where}: {key!r} is {value!r}. Known: {', '.join(choices)}.")


def _boosts(table: Mapping[str, Any], where: str) -> Boosts:
    for name, value in table.items():
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise BadSystem(f"{where}, table [boosts]: {name!r} is {value!r}; it must be a number.")
    boosts = tuple(sorted(table.items()))
    searched(boosts)
    return boosts


def _filters(table: Mapping[str, Any], where: str) -> Filters:
    _check(table, _FILTER_KEYS, f"{where}, table [filters]")
    given: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in table.items() if key != "years"
    }
    years = parse_years(table["years"]) if "years" in table else (None, None)
    return Filters(years=years, **given)


def _filter_table(filters: Filters) -> dict[str, Any]:
    if filters.also is not None:
        raise BadSystem(f"A system's file has no key for the filter `also`, which is {filters.also!r}.")
    table = {one.name: getattr(filters, one.name) for one in fields(filters) if one.name not in ("years", "also")}
    table = {name: list(value) if isinstance(value, tuple) else value for name, value in table.items()}
    said = {name: value for name, value in table.items() if value or (name == "ids" and value is not None)}
    low, high = filters.years
    if (low, high) != (None, None):
        ends = ("" if end is None else f"{end:04d}" for end in (low, high))
        said["years"] = "-".join(ends)
    return said
