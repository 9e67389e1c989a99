"""One checkpoint to one verified model folder: build beside it, compare with the source, then move into place."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from onnx_models import manifest as manifests
from onnx_models import verify
from onnx_models.export import direct, optimum, reference, tokenizer_file, torch_reference
from onnx_models.export.checkpoint import Checkpoint, bert_config, open_checkpoint, whole_number
from onnx_models.export.graph_builder import WeightsFile
from onnx_models.installed import fingerprint
from onnx_models.manifest import Graph, Kind, Manifest, Output, Source
from onnx_models.specs import ModelSpec
from onnx_models.storage import replacing, storing
from onnx_models.verify import InputRange, Reference

Route = Literal["direct", "optimum"]

WEIGHTS = "weights.bin"
_FILES: dict[str, str] = {"fp32": "model.onnx", "tokens-fp32": "tokens.onnx"}

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    """One checkpoint to be exported: what is wanted of it."""

    spec: ModelSpec
    checkpoint: Checkpoint
    route: Route
    outputs: dict[str, Output]

    @property
    def kind(self) -> Kind:
        return "cross" if self.spec.role == "cross" else "encoder"


def export_model(
    spec: ModelSpec,
    source: Path,
    target: Path,
    *,
    route: Route = "direct",
    tokens: bool = False,
    sides: Sequence[ModelSpec] = (),
) -> Manifest:
    """Export one checkpoint to `target`, which afterwards holds the verified model or what it held before.

    Args:
        source: the checkpoint's folder.
        target: becomes the model's folder; what it held before is replaced, other precisions included.
        sides: all that use the model, for the record; none: `spec` alone.
        tokens: also write a graph of all token states where the main one gives [CLS] alone.

    Raises:
        UnsupportedCheckpoint: the route cannot read it.
        MissingExtra: reading or exporting it needs an extra that is not installed.
        ParityFailure: the graph does not compute what the checkpoint computes.
        StorageFailed: the disk is full, or `target` may not be written.
    """
    outputs: dict[str, Output] = {"fp32": _main_output(spec)}
    if tokens and outputs["fp32"] == "cls":
        outputs["tokens-fp32"] = "last_hidden_state"
    job = _Job(spec=spec, checkpoint=open_checkpoint(source), route=route, outputs=outputs)
    with replacing(target) as (folder,), storing(target):
        log.info("exporting %s (%s route)", spec.name, route)
        accepted = accepted_input(job.checkpoint)
        tokenizer_digest = tokenizer_file.write(source, folder, vocabulary=accepted.vocabulary)
        labels = _write_graphs(job, folder)
        accepted = replace(accepted, around=tokenizer_file.around(folder / tokenizer_file.FILE))
        made_from = _source(job, tokenizer_digest)
        manifest = Manifest(
            source=made_from,
            kind=job.kind,
            hidden_size=_size(job.checkpoint, "hidden_size", "dim", "d_model"),
            max_positions=accepted.max_length,
            token_types=accepted.token_types,
            labels=labels,
            tokenizer=manifests.stamp(folder / tokenizer_file.FILE),
            fingerprints={side.role: fingerprint(side, made_from) for side in sides or (spec,)},
            graphs=_verified(job, folder, accepted),
        )
        manifests.write(folder, manifest)
    return manifest


def _main_output(spec: ModelSpec) -> Output:
    if spec.role == "cross":
        return "logits"
    return "cls" if spec.pooling == "cls" else "last_hidden_state"


def _write_graphs(job: _Job, folder: Path) -> int:
    """Write the job's graph files; returns the number of a classifier's labels."""
    wanted = tuple(job.outputs.values())
    with WeightsFile(folder / WEIGHTS) as weights:
        match job.route:
            case "direct":
                bert = direct.Bert(bert_config(job.checkpoint), job.checkpoint.tensors())
                models = [direct.build(bert, weights, output) for output in wanted]
            case "optimum":
                models = optimum.build(job.checkpoint, weights, wanted)
    for name, model in zip(job.outputs, models, strict=True):
        (folder / _FILES[name]).write_bytes(model.SerializeToString(deterministic=True))
    if job.kind == "encoder":
        return 0
    labels = int(models[0].graph.output[0].type.tensor_type.shape.dim[-1].dim_value)
    if labels not in (1, 2):
        problem = f"its classifier has {labels} labels; a re-ranker has 1, or 2 (no and yes)"
        raise job.checkpoint.refuse(problem, instead="Name another checkpoint under [cross].")
    return labels


def _verified(job: _Job, folder: Path, accepted: InputRange) -> dict[str, Graph]:
    trusted = trusted_reference(job.checkpoint, job.kind)
    weights = manifests.stamp(folder / WEIGHTS)
    graphs = {}
    for name, output in job.outputs.items():
        path = folder / _FILES[name]
        worst = verify.parity(path, output, trusted, accepted, model=job.spec.name)
        log.info("%s %s: max abs difference %.2g against %s", job.spec.name, name, worst, trusted.name)
        graphs[name] = Graph(
            files=(manifests.stamp(path), weights),
            precision="fp32",
            output=output,
            route=job.route,
            reference=trusted.name,
            figures={"max_abs_difference": worst},
            tools=tools(),
        )
    return graphs


def trusted_reference(checkpoint: Checkpoint, kind: Kind) -> Reference:
    """What to compare with: torch and transformers where they are installed, else the numpy forward pass."""
    if torch_reference.is_available():
        compute = torch_reference.compute(checkpoint, kind)
        return Reference(name=torch_reference.name(), compute=compute)
    compute = reference.compute(bert_config(checkpoint), checkpoint.tensors())
    return Reference(name=reference.NAME, compute=compute)


def accepted_input(checkpoint: Checkpoint) -> InputRange:
    """What inputs a checkpoint accepts, from its config."""
    config = checkpoint.config
    positions = _size(checkpoint, "max_position_embeddings", "n_positions")
    if "roberta" in str(config.get("model_type")):  # its positions start after the padding id
        positions -= whole_number(checkpoint, "pad_token_id", default=1) + 1
    return InputRange(
        vocabulary=_size(checkpoint, "vocab_size"),
        token_types=whole_number(checkpoint, "type_vocab_size", default=0),
        max_length=positions,
    )


def _size(checkpoint: Checkpoint, *keys: str) -> int:
    """A size from the config, which architectures call by different names."""
    for key in keys:
        value = checkpoint.config.get(key)
        if isinstance(value, int) and value > 0:
            return value
    raise checkpoint.refuse(f"config.json has no {' or '.join(keys)}", instead="Check config.json.")


def _source(job: _Job, tokenizer_digest: str) -> Source:
    return Source(
        checkpoint=job.spec.checkpoint,
        revision=job.spec.revision,
        architecture=job.checkpoint.architecture,
        weights_sha256=job.checkpoint.weights_digest(),
        tokenizer_sha256=tokenizer_digest,
    )


def tools() -> dict[str, str]:
    """The versions of the installed libraries that make and check graphs."""
    versions = {}
    for name in ("biocpt-search", "onnx", "onnxruntime", "onnxruntime-gpu", "numpy", "optimum-onnx", "torch"):
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return versions
