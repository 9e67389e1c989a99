"""What a figure was measured on: processor, memory, system, versions and commit."""

import os
import platform
import re
import subprocess
from datetime import date
from pathlib import Path

from search.versions import installed

FLAGS = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_int8", "amx_bf16", "asimd", "sve", "i8mm")
"""What makes a processor fast at matrices."""
PACKAGES = (
    "numpy",
    "onnxruntime",
    "onnxruntime-gpu",
    "openvino",
    "tokenizers",
    "tantivy",
    "pylance",
    "opensearch-py",
    "orjson",
)


def facts(today: date) -> dict[str, str]:
    """In the order to show; what the system does not tell is left out."""
    versions = {name: installed(name) for name in PACKAGES}
    found = {
        "date": today.isoformat(),
        "commit": commit(),
        "processor": _cpuinfo("model name") or platform.processor() or platform.machine(),
        "flags": " ".join(flag for flag in FLAGS if flag in _cpuinfo("flags", "Features").split()),
        "cores": str(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()),
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", ""),  # which holds torch to fewer
        "memory": _memory(),
        "system": f"{platform.system()} {platform.machine()}, {' '.join(platform.libc_ver())}".strip(", "),
        "python": platform.python_version(),
        "packages": ", ".join(f"{name} {version}" for name, version in versions.items() if version),
    }
    return {name: value for name, value in found.items() if value}


def commit() -> str:
    """The commit that is checked out, with a `+` where files of the packages or the benchmarks differ from it."""
    root = Path(__file__).parents[1]
    try:
        git = ["git", "-C", str(root)]
        said = subprocess.run([*git, "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True, check=True)
        code = ("onnx_models", "indexer", "search", "benchmarks/*.py", "benchmarks/peers")
        changed = subprocess.run([*git, "diff", "--quiet", "HEAD", "--", *code], check=False).returncode
    except (OSError, subprocess.CalledProcessError):
        return ""
    return said.stdout.strip() + ("+" if changed else "")


def peak_megabytes() -> float | None:
    """The most memory this process held; None where the system is not Linux.

    Not ru_maxrss, which on Linux counts the process that started this one.
    """
    try:
        status = Path("/proc/self/status").read_text(encoding="utf-8")
    except OSError:
        return None
    held = re.search(r"VmHWM:\s+(\d+)", status)
    return int(held[1]) / 1024 if held else None


def _cpuinfo(*keys: str) -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.partition(":")[0].strip() in keys), "")


def _memory() -> str:
    try:
        return f"{os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 2**30:.0f} GiB"
    except (AttributeError, OSError, ValueError):
        return ""
