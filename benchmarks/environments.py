"""The peers' environments: one folder each under build/peers, made from pinned versions and kept while these stay.

Add a peer: a row in PINS, and a script in peers/ that speaks as `peers/serving.py` says.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

PLACE = Path(__file__).parents[1] / "build" / "peers"
TORCH = "torch==2.13.0"
PINS: dict[str, tuple[str, ...]] = {
    # bm25s, txtai and a web server stand beside sentence-transformers, as torch alone takes gigabytes.
    "sentence-transformers": (
        TORCH,
        "sentence-transformers==6.2.0",
        "transformers==5.23.0",
        "bm25s==0.3.16",
        "PyStemmer==3.1.0",
        "txtai==9.14.0",
        "fastapi==0.165.0",
        "uvicorn==0.54.0",
        "datasets==5.2.0",  # its trainer asks for these two
        "accelerate==1.15.0",
    ),
    # Its torch engine; click as its command line still expects it.
    "infinity-emb": (
        TORCH,
        "infinity-emb[server]==0.0.77",
        "sentence-transformers==3.4.1",
        "transformers==4.57.6",
        "click==8.1.8",
    ),
    "optimum": (TORCH, "optimum==2.1.0", "optimum-onnx==0.1.0", "transformers==4.57.6", "onnxruntime==1.32.0"),
    "fastembed": ("fastembed==0.9.1", "onnxruntime==1.32.0"),
    "lancedb": ("lancedb==0.40.0",),
    "haystack": ("haystack-ai==3.4.0", "opensearch-haystack==9.0.0", "opensearch-py==3.2.0"),
    "pubmed_parser": ("pubmed_parser==0.5.1",),
}


class NotRun(Exception):
    """A peer that cannot take part, and why."""


def python(name: str, given: Mapping[str, str] | None = None, place: Path = PLACE) -> str:
    """The interpreter that has the peer: the one given for it, or that of its environment, made where it is missing.

    Raises:
        NotRun: it does not install here.
    """
    if given and name in given:
        return given[name]
    folder = place / name
    made, wanted = folder / "requirements.txt", "\n".join(PINS[name]) + "\n"
    interpreter = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    if made.is_file() and made.read_text(encoding="utf-8") == wanted and interpreter.exists():
        return str(interpreter)
    shutil.rmtree(folder, ignore_errors=True)
    print(f"Installing {', '.join(PINS[name])} into {folder} …", file=sys.stderr, flush=True)
    for command in (
        [sys.executable, "-m", "venv", str(folder)],
        [str(interpreter), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PINS[name]],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            shutil.rmtree(folder, ignore_errors=True)
            raise NotRun(f"it does not install here: {reason(done.stderr)}")
    made.write_text(wanted, encoding="utf-8")
    return str(interpreter)


def versions(interpreter: str, *packages: str) -> dict[str, str]:
    """The packages' versions there.

    Raises:
        NotRun: it has not all of them.
    """
    code = "import importlib.metadata as m, json, sys; print(json.dumps({n: m.version(n) for n in sys.argv[1:]}))"
    done = subprocess.run([interpreter, "-c", code, *packages], capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotRun(reason(done.stderr))
    found: dict[str, str] = json.loads(done.stdout)
    return found


def reason(said: str) -> str:
    """The last line of a command's complaint, without addresses, which are those of a private network perhaps."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line for line in lines if "error" in line.lower()] or lines
    return re.sub(r"https?://\S+", "…", errors[-1] if errors else "it said nothing")[:200]


def given(pairs: list[str]) -> dict[str, str]:
    """`NAME=PYTHON` as the command line has them.

    Raises:
        ValueError: another form, or a name without an environment.
    """
    found = {}
    for pair in pairs:
        name, sign, interpreter = pair.partition("=")
        if not sign or name not in PINS:
            raise ValueError(f"--peer is {pair!r}; it has to be NAME=PYTHON, with a name of {', '.join(PINS)}.")
        found[name] = interpreter
    return found
