"""Export and re-check whole model sets: find each side's checkpoint, and do each folder once."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from onnx_models import installed, set_file, verify
from onnx_models import manifest as manifests
from onnx_models.errors import ManifestMismatch, ModelError, UnsupportedCheckpoint
from onnx_models.export import tokenizer_file
from onnx_models.export.checkpoint import open_checkpoint
from onnx_models.export.job import Route, accepted_input, export_model, trusted_reference
from onnx_models.installed import InstalledModel
from onnx_models.manifest import Manifest
from onnx_models.specs import ModelSet, Role

log = logging.getLogger(__name__)


class Parity(NamedTuple):
    """A graph compared with its checkpoint again: the largest difference."""

    model: str
    graph: str
    max_abs_difference: float


def export_set(folder: Path, *, route: Route = "direct") -> dict[str, Manifest]:
    """Export every side of a set; the manifests by folder name. See `export_sides`."""
    return dict(export_sides(folder, route=route))


def export_sides(folder: Path, *, route: Route = "direct") -> Iterator[tuple[str, Manifest]]:
    """Export a set from its source checkpoints, each folder once; yields its name and manifest when it is done.

    Args:
        folder: a folder with set.toml; see `source_folder` for where the checkpoints are looked for.

    Raises:
        ModelError: a checkpoint is missing or cannot be exported, or parity failed; a side that was already
            exported stays as it was.
    """
    model_set = set_file.read(folder)
    for name, spec in set_file.checkpoints(model_set):
        source = source_folder(folder, model_set, spec.role)
        tokens = spec.role != "cross" and _has_shared_weights(folder, model_set)
        sides = set_file.sides_of(model_set, name)
        yield name, export_model(spec, source, folder / name, route=route, tokens=tokens, sides=sides)


def is_current(folder: Path) -> bool:
    """Whether a set is exported, from the very checkpoints that lie in its folder now (or that were removed)."""
    try:
        models = installed.load(folder)
    except ModelError:
        return False
    for model in models.models:
        try:
            source = source_folder(folder, models.model_set, model.spec.role)
        except UnsupportedCheckpoint:
            continue
        made_from = (model.manifest.source.weights_sha256, model.manifest.source.tokenizer_sha256)
        if made_from != (open_checkpoint(source).weights_digest(), tokenizer_file.digest(source)):
            return False
    return True


def verify_set(folder: Path) -> list[Parity]:
    """Hash every file of an exported set and, where its checkpoints are still there, compare with them again.

    Raises:
        ManifestMismatch: a file, or the checkpoint, is not the one that was verified.
        ParityFailure: a graph does not compute what its checkpoint computes.
    """
    models = installed.load(folder)
    for model in models.models:
        manifests.check(model.folder, model.manifest, full=True)
    by_side = {model.spec.role: model for model in models.models}
    compared: list[Parity] = []
    for name, spec in set_file.checkpoints(models.model_set):
        try:
            source = source_folder(folder, models.model_set, spec.role)
        except UnsupportedCheckpoint:
            log.info("%s: the checkpoint is not on this machine; only the hashes were checked", name)
            continue
        compared.extend(_compare(by_side[spec.role], source))
    return compared


def source_folder(folder: Path, model_set: ModelSet, side: Role) -> Path:
    """Where a side's checkpoint lies: `source/<side folder>` if it was pulled, else its path from set.toml.

    Raises:
        UnsupportedCheckpoint: it is in neither place.
    """
    spec = set_file.side_of(model_set, side)
    pulled = folder / set_file.SOURCE / set_file.side_folder(model_set, side)
    named = folder / (spec.checkpoint if spec is not None else "")
    for place in (pulled, named):
        if (place / "config.json").is_file():
            return place
    raise UnsupportedCheckpoint(
        folder=named,
        problem=f"there is no config.json, nor in {str(pulled)!r}",
        instead=f"Correct [{side}] checkpoint in set.toml, or run `biocpt models pull {model_set.name}`.",
    )


def _has_shared_weights(folder: Path, model_set: ModelSet) -> bool:
    """Whether queries and articles go through the same weights, wherever these lie; as loading will find."""
    places = {source_folder(folder, model_set, side) for side in (model_set.query.role, model_set.article.role)}
    return len(places) == 1 or len({open_checkpoint(place).weights_digest() for place in places}) == 1


def _compare(model: InstalledModel, source: Path) -> Iterator[Parity]:
    checkpoint = open_checkpoint(source)
    if checkpoint.weights_digest() != model.manifest.source.weights_sha256:
        problem = f"the checkpoint in {str(source)!r} has other weights than it was made from"
        raise ManifestMismatch(folder=model.folder, problem=problem)
    trusted = trusted_reference(checkpoint, model.manifest.kind)
    accepted = replace(accepted_input(checkpoint), around=tokenizer_file.around(model.tokenizer_file))
    for name, graph in model.manifest.graphs.items():
        if graph.precision == "fp32":
            path = model.folder / graph.file
            worst = verify.parity(path, graph.output, trusted, accepted, model=model.spec.name)
            yield Parity(model.spec.name, name, worst)
