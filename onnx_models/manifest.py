"""model.json: what lies in a model's folder, where it came from, and how well it was verified."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, get_args

from onnx_models.errors import ManifestMismatch

FORMAT = 1
FILE = "model.json"

_LARGEST = 65_536
_LONGEST = 1_048_576
"""Far above any encoder's width and reach: what is above them is no such model's."""

Kind = Literal["encoder", "cross"]
Precision = Literal["fp32", "fp16", "int8"]
Output = Literal["cls", "last_hidden_state", "logits"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """One file of a graph, as it was when it was written."""

    name: str
    sha256: str
    bytes: int
    mtime_ns: int
    """A short cut only: a file with another time is hashed again before it is trusted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The checkpoint that a model was made from."""

    checkpoint: str
    revision: str | None
    architecture: str
    weights_sha256: str
    tokenizer_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """One ONNX graph: its files (the first is the one to open), and what its verification measured."""

    files: tuple[StoredFile, ...]
    precision: Precision
    output: Output
    route: str
    """How it was made: `direct`, `optimum`, or `quantised`."""
    reference: str
    """What its outputs were compared with."""
    figures: Mapping[str, float]
    """`max_abs_difference` for exports; `mean_cosine`, `min_cosine`, `kendall_tau` for lower precision."""
    tools: Mapping[str, str]
    """The versions of the libraries that made and checked it."""

    @property
    def file(self) -> str:
        """The name of the graph file itself."""
        return self.files[0].name


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A model's folder: source, shape and graphs by name (`fp32`, `int8`, `fp16`, `tokens-fp32` …)."""

    source: Source
    kind: Kind
    hidden_size: int
    max_positions: int
    token_types: int
    """How many segments of a text it tells apart; 0: it reads none."""
    labels: int
    """How many logits a cross-encoder gives; 0 for encoders."""
    tokenizer: StoredFile
    fingerprints: Mapping[str, str] = field(default_factory=dict)
    """Of each side that uses the folder, as set.toml described it when the model was exported."""
    graphs: Mapping[str, Graph] = field(default_factory=dict)

    def with_graph(self, name: str, graph: Graph) -> "Manifest":
        """The same manifest with one graph added or replaced."""
        return replace(self, graphs={**self.graphs, name: graph})

    def stored_files(self) -> dict[str, StoredFile]:
        """Every file that the manifest speaks of, once, by name."""
        files = {self.tokenizer.name: self.tokenizer}
        for graph in self.graphs.values():
            files.update((stored.name, stored) for stored in graph.files)
        return files


def stamp(path: Path) -> StoredFile:
    """Record a file as it is now: size, time and SHA-256."""
    status = path.stat()
    return StoredFile(name=path.name, sha256=sha256(path), bytes=status.st_size, mtime_ns=status.st_mtime_ns)


def sha256(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def write(folder: Path, manifest: Manifest) -> None:
    """Write model.json in one step: a reader sees the old one or the new one, never half of one."""
    temporary = folder / f".{FILE}.partial"
    text = json.dumps({"format": FORMAT, **asdict(manifest)}, indent=2, ensure_ascii=False)
    temporary.write_text(text + "\n", encoding="utf-8")
    temporary.replace(folder / FILE)


def read(folder: Path) -> Manifest:
    """Read model.json; its files are not looked at (`check` does that).

    Raises:
        ManifestMismatch: no model.json, one that cannot be read, or one of another format.
    """
    path = folder / FILE
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ManifestMismatch(folder=folder, problem=f"it has no {FILE}") from error
    except (OSError, ValueError) as error:
        raise ManifestMismatch(folder=folder, problem=f"{FILE} cannot be read ({error})") from error
    found = data.get("format") if isinstance(data, dict) else None
    if found != FORMAT:
        raise ManifestMismatch(folder=folder, problem=f"{FILE} has format {found!r}, this version reads {FORMAT}")
    try:
        return _manifest(data)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise ManifestMismatch(folder=folder, problem=f"{FILE} is incomplete or malformed ({error!r})") from error


def check(folder: Path, manifest: Manifest, *, full: bool = False) -> None:
    """Compare the files with the manifest: size and time; the hash where the time differs or `full` is set.

    Raises:
        ManifestMismatch: a file is missing or is not the one that was verified.
    """
    for stored in manifest.stored_files().values():
        path = folder / stored.name
        try:
            status = path.stat()
        except OSError as error:
            raise ManifestMismatch(folder=folder, problem=f"{stored.name} is missing") from error
        if status.st_size != stored.bytes:
            problem = f"{stored.name} has {status.st_size} bytes, {FILE} says {stored.bytes}"
            raise ManifestMismatch(folder=folder, problem=problem)
        if (full or status.st_mtime_ns != stored.mtime_ns) and sha256(path) != stored.sha256:
            raise ManifestMismatch(
                folder=folder, problem=f"{stored.name} is not the file that was verified (SHA-256 differs)"
            )


def _manifest(data: Mapping[str, Any]) -> Manifest:
    return Manifest(
        source=_source(data["source"]),
        kind=_one_of(Kind, data["kind"]),
        hidden_size=_whole(data["hidden_size"], 1, _LARGEST),
        max_positions=_whole(data["max_positions"], 3, _LONGEST),
        token_types=_whole(data.get("token_types", 0), 0, _LARGEST),
        labels=_whole(data["labels"], 0, _LARGEST),
        tokenizer=_stored(data["tokenizer"]),
        fingerprints={side: str(value) for side, value in data.get("fingerprints", {}).items()},
        graphs={name: _graph(graph) for name, graph in data["graphs"].items()},
    )


def _source(data: Mapping[str, Any]) -> Source:
    source = Source(**data)
    for value in (source.checkpoint, source.architecture, source.weights_sha256, source.tokenizer_sha256):
        _text(value)
    if source.revision is not None:
        _text(source.revision)
    return source


def _graph(data: Mapping[str, Any]) -> Graph:
    files = tuple(_stored(stored) for stored in data["files"])
    if not files:
        raise ValueError("a graph without files")
    return Graph(
        files=files,
        precision=_one_of(Precision, data["precision"]),
        output=_one_of(Output, data["output"]),
        route=str(data["route"]),
        reference=str(data["reference"]),
        figures={name: float(value) for name, value in data["figures"].items()},
        tools={name: str(value) for name, value in data["tools"].items()},
    )


def _stored(data: Mapping[str, Any]) -> StoredFile:
    stored = StoredFile(**data)
    _text(stored.sha256)
    _whole(stored.bytes, 0)
    _whole(stored.mtime_ns)
    if Path(stored.name).name != stored.name or stored.name in ("", ".", ".."):
        raise ValueError(f"{stored.name!r} is not a plain file name")
    return stored


def _whole(value: Any, least: int | None = None, most: int | None = None) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"{value!r} is not a whole number")
    if (least is not None and value < least) or (most is not None and value > most):
        raise ValueError(f"{value!r} is out of range")
    return value


def _text(value: Any) -> None:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not a text")


def _one_of(choices: Any, value: Any) -> Any:
    if value not in get_args(choices):
        raise ValueError(f"{value!r} is not one of {', '.join(get_args(choices))}")
    return value
