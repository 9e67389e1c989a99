"""What a reader needs to do an evaluation again: the day, versions, index, models and machine, as words and values."""

import os
import platform
from collections.abc import Iterable
from datetime import date
from pathlib import Path

from onnx_models import Encoder, Reranker
from onnx_models.runtime import Runtime
from search.searcher import Searcher
from search.versions import installed

_PACKAGES = (
    "numpy",
    "onnxruntime",
    "onnxruntime-gpu",
    "openvino",
    "tantivy",
    "pylance",
    "opensearch-py",
    "ir-measures",
)


def of_machine(today: date) -> dict[str, str]:
    """The day, our version and those of what measures and computes, and the machine."""
    versions = ((name, installed(name)) for name in _PACKAGES)
    return {
        "date": today.isoformat(),
        "biocpt-search": installed("biocpt-search") or "not installed",
        "packages": ", ".join(f"{name} {version}" for name, version in versions if version),
        "python": platform.python_version(),
        "machine": f"{_processor()}, {os.cpu_count()} cores, {platform.system()}",
    }


def of_searchers(searchers: Iterable[Searcher]) -> dict[str, str]:
    """The index, and the models that were loaded."""
    every = list(searchers)
    info = every[0].index.info(versions=False)
    space = info.space
    found = {
        "index": f"{info.location} ({info.engine}), {info.articles:,} articles, {info.vectors:,} vectors",
        "vectors": f"{space.model}, {space.dimension}-d, {space.similarity}, {space.precision}" if space else "",
        "data": f"as of {info.data_date}" if info.data_date else "",
        "query encoder": "; ".join(dict.fromkeys(model(one.encoder) for one in every if one.encoder)),
        "re-ranker": "; ".join(dict.fromkeys(model(one.reranker) for one in every if one.reranker)),
    }
    return {word: value for word, value in found.items() if value}


def model(loaded: Encoder | Reranker) -> str:
    """A model by name, with the file, precision, provider and threads that it runs with, where it tells."""
    runtime = getattr(loaded, "runtime", None)  # of the models that run here; the protocols ask for none
    return f"{loaded.name}: {runtime.graph}, {runtime}" if isinstance(runtime, Runtime) else loaded.name


def _processor() -> str:
    """The processor's name, where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, "") or platform.processor() or platform.machine()
