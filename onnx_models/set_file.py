"""set.toml: the model set of a folder, one table a side. The standard way to use any checkpoint of one's own.

name = "medcpt"

[query]
checkpoint = "ncbi/MedCPT-Query-Encoder"     # a hub repository, or a folder beside this file
max_tokens = 64

[article]
checkpoint = "ncbi/MedCPT-Article-Encoder"
layout = "pair"
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, get_args

import tomli_w

from onnx_models.errors import BadSetFile
from onnx_models.specs import Layout, ModelSet, ModelSpec, Pooling, Role, Similarity

FILE = "set.toml"
SOURCE = "source"
"""The folder of a set that keeps its checkpoints, so that an export can be repeated."""

SIDES: tuple[Role, ...] = ("query", "article", "cross")

_CHOICES: dict[str, tuple[str, ...]] = {
    "role": get_args(Role),
    "pooling": get_args(Pooling),
    "similarity": get_args(Similarity),
    "layout": get_args(Layout),
}
_TEXTS = ("name", "checkpoint", "revision", "separator", "prefix")


def read(folder: Path) -> ModelSet:
    """Read a folder's set.toml.

    Raises:
        BadSetFile: it is missing, is not TOML, or lacks or misspells something.
    """
    path = folder / FILE
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise BadSetFile(path=path, problem="there is no such file") from error
    except (OSError, ValueError) as error:
        raise BadSetFile(path=path, problem=str(error)) from error
    name = data.get("name", folder.resolve().name)
    mix = data.get("rerank_mix")
    if not isinstance(name, str) or not name:
        raise BadSetFile(path=path, problem=f"name is {name!r}, not a text")
    if mix is not None and (isinstance(mix, bool) or not isinstance(mix, int | float) or not 0 <= mix <= 1):
        raise BadSetFile(path=path, problem=f"rerank_mix is {mix!r}, not a number from 0 to 1")
    unknown = sorted(set(data) - {"name", "rerank_mix", *SIDES})
    if unknown:
        raise BadSetFile(path=path, problem=f"unknown key {unknown[0]!r}; the sides are {', '.join(SIDES)}")
    sides = {side: _spec(path, name, side, data[side]) for side in SIDES if side in data}
    if "query" not in sides:
        raise BadSetFile(path=path, problem="it has no [query] table")
    query, article = sides["query"], sides.get("article") or _spec(path, name, "article", data["query"])
    if query.similarity != article.similarity:
        problem = (
            f"[query] similarity is {query.similarity!r}, that of [article] {article.similarity!r}: they must agree"
        )
        raise BadSetFile(path=path, problem=problem)
    return ModelSet(
        name=name,
        query=query,
        article=article,
        cross=sides.get("cross"),
        rerank_mix=mix,
    )


def write(folder: Path, model_set: ModelSet) -> None:
    """Write a folder's set.toml in one step."""
    data: dict[str, Any] = {"name": model_set.name}
    if model_set.rerank_mix is not None:
        data["rerank_mix"] = model_set.rerank_mix
    for side in SIDES:
        spec = side_of(model_set, side)
        if spec is not None:
            data[side] = {key: value for key, value in asdict(spec).items() if value is not None and key != "role"}
    temporary = folder / f".{FILE}.partial"
    temporary.write_bytes(tomli_w.dumps(data).encode())
    temporary.replace(folder / FILE)


def side_of(model_set: ModelSet, side: Role) -> ModelSpec | None:
    """One side's spec; None for the cross-encoder of a set that has none."""
    match side:
        case "query":
            return model_set.query
        case "article":
            return model_set.article
        case "cross":
            return model_set.cross


def side_folder(model_set: ModelSet, side: Role) -> str:
    """The folder of a side: its own name, or `encoder` where queries and articles share their weights."""
    shared = model_set.tied and model_set.query.pooling == model_set.article.pooling
    return "encoder" if shared and side != "cross" else side


def sides_of(model_set: ModelSet, name: str) -> list[ModelSpec]:
    """The sides that use a folder: two for `encoder`, one for each other."""
    sides = [side_of(model_set, side) for side in SIDES if side_folder(model_set, side) == name]
    return [spec for spec in sides if spec is not None]


def checkpoints(model_set: ModelSet) -> Iterator[tuple[str, ModelSpec]]:
    """Each checkpoint of a set once: the name of its folder, and the first side that uses it."""
    seen = set()
    for side in SIDES:
        spec, name = side_of(model_set, side), side_folder(model_set, side)
        if spec is not None and name not in seen:
            seen.add(name)
            yield name, spec


def _spec(path: Path, set_name: str, side: Role, table: object) -> ModelSpec:
    if not isinstance(table, Mapping):
        raise BadSetFile(path=path, problem=f"[{side}] is not a table")
    allowed = {known.name for known in fields(ModelSpec)} - {"role"}
    for key, value in table.items():
        if key not in allowed:
            raise BadSetFile(
                path=path, problem=f"[{side}] has unknown key {key!r}; known: {', '.join(sorted(allowed))}"
            )
        _check(path, side, key, value)
    if "checkpoint" not in table:
        raise BadSetFile(path=path, problem=f"[{side}] names no checkpoint")
    return ModelSpec(**{"name": f"{set_name}-{side}", **table, "role": side})


def _check(path: Path, side: str, key: str, value: object) -> None:
    if key in _CHOICES and value not in _CHOICES[key]:
        choices = " or ".join(repr(choice) for choice in _CHOICES[key])
        raise BadSetFile(path=path, problem=f"[{side}] {key} is {value!r}, not {choices}")
    if key in _TEXTS and not isinstance(value, str):
        raise BadSetFile(path=path, problem=f"[{side}] {key} is {value!r}, not a text")
    if key == "max_tokens" and (isinstance(value, bool) or not isinstance(value, int) or value < 3):
        raise BadSetFile(path=path, problem=f"[{side}] max_tokens is {value!r}, not a whole number from 3 up")
