"""What a re-ranker starts from, and the model set that it will belong to."""

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from onnx_models import installed, set_file
from onnx_models.export import source_folder
from onnx_models.set_file import SOURCE
from onnx_models.specs import KNOWN_SETS, ModelSet, ModelSpec, Role
from onnx_models.storage import storing
from onnx_models.training.errors import NoSetToJoin

PLACE = f"{SOURCE}/cross"
"""Where a set keeps the checkpoint of its cross-encoder."""

_MEDCPT = KNOWN_SETS["medcpt"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossStart:
    """A checkpoint, and how pairs are read by it."""

    checkpoint: Path
    spec: ModelSpec
    set_folder: Path | None
    """The set that was named; None where it was a checkpoint alone."""
    made_from: str
    """A hub's name of the weights, or a note of where they come from."""


def find(home: Path, name_or_path: str) -> CrossStart:
    """A set's cross-encoder, or its article encoder where it has none; or a plain checkpoint folder.

    Raises:
        UnknownModel, ModelNotInstalled: neither a set nor a folder.
        UnsupportedCheckpoint: the set did not keep its checkpoint.
    """
    folder = Path(name_or_path)
    if (folder / "config.json").is_file() and _MEDCPT.cross is not None:
        return CrossStart(checkpoint=folder, spec=_MEDCPT.cross, set_folder=None, made_from=folder.resolve().name)
    folder = installed.locate(home, name_or_path)
    model_set = set_file.read(folder)
    side: Role = "article" if model_set.cross is None else "cross"
    started = model_set.article if model_set.cross is None else model_set.cross
    return CrossStart(
        checkpoint=source_folder(folder, model_set, side),
        spec=_cross_spec(model_set),
        set_folder=folder,
        made_from=started.checkpoint,
    )


def join(out: Path, start: CrossStart) -> None:
    """Make sure that `out` is a set to add a cross-encoder to: a new folder gets the encoders that were started from.

    Raises:
        NoSetToJoin: `out` is none, and no set was named.
        UnsupportedCheckpoint: the set did not keep its checkpoints.
        StorageFailed: they cannot be copied.
    """
    if (out / set_file.FILE).is_file():
        return
    if start.set_folder is None:
        raise NoSetToJoin(folder=out)
    model_set = set_file.read(start.set_folder)
    sides: tuple[Role, ...] = ("query", "article")
    places = {side: set_file.side_folder(model_set, side) for side in sides}
    with storing(out):
        for side, place in places.items():
            source = source_folder(start.set_folder, model_set, side)
            shutil.copytree(source, out / SOURCE / place, dirs_exist_ok=True)
    query, article = (
        replace(spec, checkpoint=f"{SOURCE}/{places[spec.role]}", revision=None)
        for spec in (model_set.query, model_set.article)
    )
    set_file.write(out, ModelSet(name=out.resolve().name, query=query, article=article))


def add(out: Path, spec: ModelSpec) -> None:
    """Write the [cross] table of a set whose checkpoint lies in its place.

    Args:
        out: the set's folder.
        spec: how pairs are read.
    """
    before = set_file.read(out)
    cross = replace(spec, name=f"{before.name}-cross", role="cross", checkpoint=PLACE, revision=None)
    set_file.write(out, replace(before, cross=cross))


def note_mix(out: Path, rerank_mix: float | None) -> None:
    """Write the weight of re-rank scores against fused ones into a set; None leaves what it says."""
    if rerank_mix is not None:
        set_file.write(out, replace(set_file.read(out), rerank_mix=rerank_mix))


def _cross_spec(model_set: ModelSet) -> ModelSpec:
    """The set's own, or one that reads as much as its article encoder does, with query and passage as a pair."""
    if model_set.cross is not None:
        return model_set.cross
    return ModelSpec(
        name=f"{model_set.name}-cross",
        role="cross",
        checkpoint=PLACE,
        max_tokens=model_set.article.max_tokens,
        separator=model_set.article.separator,
    )
