"""`dataset.json`: what a dataset is, and the sizes and digests by which it is known to be whole."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from onnx_models.training.dataset.examples import KINDS, Kind
from onnx_models.training.errors import BadDataset

FORMAT = 1
SCORE = np.dtype("<f4")
"""What a teacher's scores are kept as."""
FILE = "dataset.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """All that `dataset.json` says."""

    kind: Kind
    seed: int
    """What examples were dealt out to shards by."""
    queries: int
    passages: int
    shards: Mapping[Kind, list[int]]
    """Kind of example → how many each of its shards holds."""
    has_scores: bool
    files: Mapping[str, int]
    """Name → bytes."""
    fingerprint: str
    """A digest of all files: equal for equal data in an equal order."""
    counts: Mapping[str, Any]
    """What came of each source, and what each filter removed, as the writer of the dataset told."""


def digest(folder: Path, names: list[str]) -> str:
    """One digest of these files and their names, in hexadecimal."""
    whole = hashlib.sha256()
    for name in names:
        with (folder / name).open("rb") as file:
            whole.update(name.encode() + b"\0" + hashlib.file_digest(file, "sha256").digest())
    return whole.hexdigest()


def write(folder: Path, header: Header) -> None:
    """Write it into the folder."""
    text = orjson.dumps({"format": FORMAT, **asdict(header)}, option=orjson.OPT_INDENT_2)
    (folder / FILE).write_bytes(text + b"\n")


def read(folder: Path) -> Header:
    """What the folder holds.

    Raises:
        BadDataset: it is none, of a newer format, or a file of it is missing or of another size.
    """
    try:
        said = orjson.loads((folder / FILE).read_bytes())
    except FileNotFoundError as error:
        raise BadDataset(folder=folder, problem=f"it has no {FILE}") from error
    except (OSError, orjson.JSONDecodeError) as error:
        raise BadDataset(folder=folder, problem=f"its {FILE} cannot be read ({error})") from error
    if not isinstance(said, dict) or said.get("format") != FORMAT:
        found = said.get("format") if isinstance(said, dict) else said
        raise BadDataset(folder=folder, problem=f"its format is {found!r}, and this version reads {FORMAT}")
    missing = [field.name for field in fields(Header) if field.name not in said]
    if missing or said["kind"] not in KINDS:
        raise BadDataset(folder=folder, problem=f"its {FILE} lacks {', '.join(missing) or 'a kind that is known'}")
    header = Header(**{field.name: said[field.name] for field in fields(Header)})
    for name, size in header.files.items():
        there = (folder / name).stat().st_size if (folder / name).is_file() else None
        if there != size:
            state = "is missing" if there is None else f"has {there:,} bytes"
            raise BadDataset(folder=folder, problem=f"{name!r} {state}, where {size:,} were written")
    return header
