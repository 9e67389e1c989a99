"""What training starts from: a model set that kept its checkpoints, or one checkpoint folder."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from onnx_models import installed, set_file
from onnx_models.export import source_folder
from onnx_models.specs import KNOWN_SETS, ModelSpec

_MEDCPT = KNOWN_SETS["medcpt"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Two sides as they are read and pooled, and where the weights of each lie."""

    query: ModelSpec
    query_checkpoint: Path
    article: ModelSpec
    article_checkpoint: Path
    tied: bool
    """Whether both learn as one encoder."""


def find(home: Path, name_or_path: str) -> Start:
    """The sides of a set, by its name or its folder; of a plain checkpoint folder, MedCPT's two with its weights.

    Raises:
        UnknownModel, ModelNotInstalled: neither a set nor a checkpoint folder.
        UnsupportedCheckpoint: the set did not keep its checkpoints.
    """
    folder = Path(name_or_path)
    if (folder / "config.json").is_file():
        return from_checkpoint(folder)
    folder = installed.locate(home, name_or_path)
    model_set = set_file.read(folder)
    return Start(
        query=model_set.query,
        query_checkpoint=source_folder(folder, model_set, "query"),
        article=model_set.article,
        article_checkpoint=source_folder(folder, model_set, "article"),
        tied=model_set.tied,
    )


def from_checkpoint(folder: Path) -> Start:
    """Two untied encoders that begin with the same weights and read as MedCPT: [CLS], inner product, pairs."""
    query, article = (replace(side, checkpoint=folder.name) for side in (_MEDCPT.query, _MEDCPT.article))
    return Start(query=query, query_checkpoint=folder, article=article, article_checkpoint=folder, tied=False)


def changed(start: Start, *, query: Mapping[str, Any], article: Mapping[str, Any], tied: bool | None = None) -> Start:
    """The start with other fields of its specs; None keeps what it has.

    Args:
        tied: True makes both sides one encoder that starts with the query's weights.
    """
    asked = [{name: value for name, value in fields.items() if value is not None} for fields in (query, article)]
    as_one = start.tied if tied is None else tied
    return replace(
        start,
        query=replace(start.query, **asked[0]),
        article=replace(start.article, **asked[1]),
        article_checkpoint=start.query_checkpoint if as_one else start.article_checkpoint,
        tied=as_one,
    )
