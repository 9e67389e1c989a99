"""Model sets on this machine: find one by name or path, check it against its manifest, hand out graphs."""

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from onnx_models import manifest as manifests
from onnx_models import set_file
from onnx_models.errors import ManifestMismatch, ModelNotExported, ModelNotInstalled, UnknownModel, UnsuitableModel
from onnx_models.manifest import Manifest, Source
from onnx_models.specs import KNOWN_SETS, ModelSet, ModelSpec, Role

_NOT_MEANING = ("name", "role", "checkpoint", "revision")
"""Spec fields that say where a model is from or how it is called, and do not change its numbers."""


def fingerprint(spec: ModelSpec, source: Source) -> str:
    """SHA-256 of a checkpoint's weights and tokenizer, and of what a spec says about how texts become its vectors."""
    meaning = {key: value for key, value in asdict(spec).items() if key not in _NOT_MEANING}
    return _digest(meaning, source)


def _digest(meaning: Mapping[str, object], source: Source) -> str:
    facts = {**meaning, "weights": source.weights_sha256, "tokenizer": source.tokenizer_sha256}
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalledModel:
    """One side of a set, exported: its spec, its folder and what the folder holds."""

    spec: ModelSpec
    folder: Path
    manifest: Manifest

    @property
    def fingerprint(self) -> str:
        """SHA-256 of weights, tokenizer and the spec's meaning; equal for every precision, route and file."""
        return fingerprint(self.spec, self.manifest.source)

    @property
    def exported_fingerprint(self) -> str | None:
        """The fingerprint that it was exported with: another one if set.toml changed since. None: not recorded."""
        return self.manifest.fingerprints.get(self.spec.role)

    @property
    def identity(self) -> str:
        """SHA-256 of weights, tokenizer, pooling and similarity: which model it is, however much of a text it reads.

        Unlike `fingerprint` it stays when max_tokens, prefix or layout change: what a query encoder may vary in
        and still be its article encoder's partner.
        """
        return _digest({"pooling": self.spec.pooling, "similarity": self.spec.similarity}, self.manifest.source)

    @property
    def tokenizer_file(self) -> Path:
        """The tokenizer.json to read texts with."""
        return self.folder / self.manifest.tokenizer.name

    def graph(self, precision: str = "fp32", output: Literal["main", "tokens"] = "main") -> Path:
        """The ONNX file to open.

        Args:
            precision: `fp32`, `fp16` or `int8`.
            output: `main` gives what the spec's pooling needs; `tokens` gives every token's state.

        Raises:
            ModelNotExported: that graph was never made; the message has the command that makes it.
        """
        graphs = self.manifest.graphs
        name = precision if output == "main" else f"{output}-{precision}"
        main = graphs.get(precision)
        if output == "tokens" and main is not None and main.output == "last_hidden_state":
            name = precision
        if name not in graphs:
            raise ModelNotExported(model=self.spec.name, graph=name, exported=graphs, command=self._command(precision))
        return self.folder / graphs[name].file

    def _command(self, precision: str) -> str:
        if precision in self.manifest.graphs or precision == "fp32":
            return f"biocpt models export {self.folder.parent}"
        return f"biocpt models quantize {self.folder.parent} --precision {precision}"


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalledSet:
    """A model set whose sides are all exported and match their manifests."""

    model_set: ModelSet
    folder: Path
    query: InstalledModel
    article: InstalledModel
    cross: InstalledModel | None

    @property
    def models(self) -> tuple[InstalledModel, ...]:
        """Its two or three sides."""
        return (self.query, self.article) if self.cross is None else (self.query, self.article, self.cross)


def load(folder: Path) -> InstalledSet:
    """Open a set's folder, checking every file's size and time against its manifest.

    Raises:
        BadSetFile: its set.toml is missing or wrong.
        ModelNotExported: a side has not been exported yet.
        ManifestMismatch: a side is not what its manifest says.
        UnsuitableModel: the vectors of its two sides cannot be compared.
    """
    model_set = set_file.read(folder)
    query = _load_side(folder, model_set, "query", model_set.query)
    article = _load_side(folder, model_set, "article", model_set.article)
    sizes = query.manifest.hidden_size, article.manifest.hidden_size
    if sizes[0] != sizes[1]:
        problem = f"its query encoder gives {sizes[0]} dimensions, its article encoder {sizes[1]}"
        raise UnsuitableModel(model=model_set.name, problem=problem)
    return InstalledSet(
        model_set=model_set,
        folder=folder,
        query=query,
        article=article,
        cross=None if model_set.cross is None else _load_side(folder, model_set, "cross", model_set.cross),
    )


def find(home: Path, name_or_path: str) -> InstalledSet:
    """Open an installed set by its name, or any set's folder by its path.

    Raises:
        UnknownModel: neither a known or installed name nor a folder.
        ModelNotInstalled: a known name that was not pulled yet.
    """
    return load(locate(home, name_or_path))


def locate(home: Path, name_or_path: str) -> Path:
    """The folder of a set that is named or given by its path, exported or not."""
    if _is_name(name_or_path) and (sets_folder(home) / name_or_path / set_file.FILE).is_file():
        return sets_folder(home) / name_or_path
    path = Path(name_or_path)
    if (path / set_file.FILE).is_file():
        return path
    if name_or_path in KNOWN_SETS:
        raise ModelNotInstalled(name=name_or_path, home=home)
    raise UnknownModel(name=name_or_path, known=KNOWN_SETS, installed=names(home))


def installed(home: Path) -> list[InstalledSet]:
    """Every usable set in a home, by name; sets that are only pulled are left out."""
    usable = []
    for name in names(home):
        try:
            usable.append(load(sets_folder(home) / name))
        except ModelNotExported:
            continue
    return usable


def remove(home: Path, name: str, *, source_only: bool = False) -> int:
    """Delete an installed set, or only the checkpoints that it was exported from; returns the bytes freed.

    Raises:
        UnknownModel: no set of that name is installed; a path is never removed.
    """
    if name not in names(home):
        raise UnknownModel(name=name, known=KNOWN_SETS, installed=names(home))
    folder = sets_folder(home) / name
    doomed = folder / set_file.SOURCE if source_only else folder
    freed = sum(path.stat().st_size for path in doomed.rglob("*") if path.is_file() and not path.is_symlink())
    if doomed.exists():
        hidden = doomed.rename(doomed.with_name(f".{doomed.name}.removed"))
        shutil.rmtree(hidden)
    return freed


def names(home: Path) -> list[str]:
    """The names of the sets in a home, exported or not, in order."""
    folder = sets_folder(home)
    if not folder.is_dir():
        return []
    return sorted(path.parent.name for path in folder.glob(f"*/{set_file.FILE}") if _is_name(path.parent.name))


def default_home() -> Path:
    """The platform's data folder, where model sets live unless another place is named; no BIOCPT_HOME is read."""
    import platformdirs

    return platformdirs.user_data_path("biocpt")


def sets_folder(home: Path) -> Path:
    """Where a home keeps its model sets."""
    return home / "models"


def _is_name(text: str) -> bool:
    return not text.startswith(".") and Path(text).name == text


def _load_side(folder: Path, model_set: ModelSet, side: Role, spec: ModelSpec) -> InstalledModel:
    place = folder / set_file.side_folder(model_set, side)
    if not place.is_dir():
        raise ModelNotExported(model=spec.name, graph="fp32", exported=(), command=f"biocpt models export {folder}")
    manifest = manifests.read(place)
    manifests.check(place, manifest)
    kind = "cross" if side == "cross" else "encoder"
    if manifest.kind != kind:
        raise ManifestMismatch(folder=place, problem=f"it holds a {manifest.kind} model, set.toml calls it {side}")
    if any(graph.output == "cls" for graph in manifest.graphs.values()) and spec.pooling != "cls":
        problem = f"it was exported for cls pooling, set.toml says {spec.pooling}"
        raise ManifestMismatch(folder=place, problem=problem)
    return InstalledModel(spec=spec, folder=place, manifest=manifest)
