"""Models that benchmarks need beside the installed ones, made once and kept under build/benchmarks."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

from benchmarks import environments, peer
from benchmarks.commandline import WORK
from benchmarks.environments import NotRun
from onnx_models import InstalledSet, ModelError, ModelSet, ModelSpec, find_set, set_file
from onnx_models.export import export_set


def minilm(home: Path) -> InstalledSet:
    """The installed set minilm.

    Raises:
        NotRun: it is not installed.
    """
    try:
        return find_set(home, "minilm")
    except ModelError as error:
        raise NotRun(str(error)) from error


def checkpoint(models: InstalledSet) -> Path:
    """The checkpoint that the set was exported from, which other tools read.

    Raises:
        NotRun: it was removed.
    """
    folder = models.folder / "source" / models.article.folder.name
    if not folder.is_dir():
        raise NotRun(f"{models.model_set.name} was installed without its checkpoint: `biocpt models pull` it again")
    return folder


def complete_checkpoint(source: Path, dimension: int, max_tokens: int) -> Path:
    """A copy of the checkpoint with what sentence-transformers reads beside it: mean pooling, then length 1."""
    folder = WORK / "minilm-complete"
    if not folder.is_dir():
        partial = WORK / ".minilm-complete.partial"
        shutil.rmtree(partial, ignore_errors=True)
        shutil.copytree(source, partial)
        (partial / "2_Normalize").mkdir()
        (partial / "1_Pooling").mkdir()
        pooling = {"word_embedding_dimension": dimension, "pooling_mode_mean_tokens": True}
        (partial / "1_Pooling" / "config.json").write_text(json.dumps(pooling), encoding="utf-8")
        length = json.dumps({"max_seq_length": max_tokens, "do_lower_case": False})
        (partial / "sentence_bert_config.json").write_text(length, encoding="utf-8")
        partial.rename(folder)
    return folder


def plain_encoder(source: Path, max_tokens: int, peers: Mapping[str, str]) -> Path:
    """The checkpoint as optimum exports it.

    Raises:
        NotRun: optimum does not install here, or fails.
    """
    return _made("minilm-onnx", "encoder", source, max_tokens, peers)


def random_cross_encoder(source: Path, max_tokens: int, peers: Mapping[str, str]) -> Path:
    """A folder with `checkpoint` and `onnx` (optimum's export) of a cross-encoder of MiniLM's shape, drawn at random.

    Raises:
        NotRun: optimum does not install here, or fails.
    """
    return _made("random-cross-encoder", "cross", source, max_tokens, peers)


def _made(name: str, kind: str, source: Path, max_tokens: int, peers: Mapping[str, str]) -> Path:
    folder = WORK / name
    if not folder.is_dir():
        partial = WORK / f".{name}.partial"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        peer.once(environments.python("optimum", peers), "onnx_folders.py", kind, source, partial, max_tokens)
        partial.rename(folder)
    return folder


def set_with_cross_encoder(source: Path, cross: Path, max_tokens: int) -> Path:
    """A model set of ours of two checkpoints: `biocpt models export` of a folder with a set.toml.

    Raises:
        NotRun: the export fails.
    """
    folder = WORK / "minilm-with-cross-encoder"
    if not folder.is_dir():
        partial = WORK / ".minilm-with-cross-encoder.partial"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        common = {"max_tokens": max_tokens, "pooling": "mean", "similarity": "cosine", "checkpoint": str(source)}
        sides = {
            "query": ModelSpec(name="measured-query", role="query", **common),
            "article": ModelSpec(name="measured-article", role="article", **common),
            "cross": ModelSpec(name="measured-cross", role="cross", checkpoint=str(cross), max_tokens=max_tokens),
        }
        set_file.write(partial, ModelSet(name="measured", **sides))
        try:
            export_set(partial)
        except ModelError as error:
            raise NotRun(str(error)) from error
        partial.rename(folder)
    return folder
