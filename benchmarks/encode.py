"""Abstracts encoded a second, ours beside sentence-transformers: same texts, same weights, in turn, all cores.

    python benchmarks/encode.py --home HOME --data $BIOCPT_DATA --peer-python /path/to/venv/bin/python

HOME holds the set minilm with its source checkpoint (`biocpt models pull minilm`) and int8
(`biocpt models quantize minilm`); the peer's interpreter needs sentence-transformers. Every round runs each system
once, one after the other; a ratio is the median over rounds of the peer's seconds by ours, so that a busy moment of
the machine counts for both. What is not installed is left out and named. Writes benchmarks/results/encode.json; exit 1
where a bar is missed. Seen on one machine with AMX: fp32 2.05, int8 3.48, OpenVINO bf16 4.42, the peer's bf16 2.58.
"""

import argparse
import gzip
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[1]))

from onnx_models import InstalledSet, ModelError, RunOptions, find_set, load_encoder

Passage = tuple[str, str]
Vectors = NDArray[np.float32]

PEER, PEER_BF16 = "sentence-transformers", "sentence-transformers bf16"
OURS = {
    "ours fp32": RunOptions(precision="fp32"),
    "ours int8": RunOptions(precision="int8"),
    "ours OpenVINO fp32": RunOptions(backend="openvino", precision="fp32"),
    "ours OpenVINO bf16": RunOptions(backend="openvino", precision="bf16"),
}
BARS = (
    ("ours fp32", PEER, 1.5),
    ("ours OpenVINO fp32", PEER, 1.5),
    ("ours int8", PEER, 2.5),
    ("ours OpenVINO bf16", PEER, 3.5),
    ("ours OpenVINO bf16", PEER_BF16, 1.5),
)
MIN_COSINES = {"ours fp32": 0.99999, "ours OpenVINO fp32": 0.99999, "ours int8": 0.99, "ours OpenVINO bf16": 0.9999}
RESULTS = Path(__file__).parent / "results"


@dataclass
class System:
    """Something that encodes the texts: `run` gives the seconds that one pass took, `vectors` the last pass's rows."""

    name: str
    run: Callable[[], float]
    vectors: Callable[[], Vectors]
    note: str = ""


def passages(data: Path, count: int, seed: int = 0) -> list[Passage]:
    """A sample of real (title, abstract) pairs; tokenised EBM-NLP texts are left out."""
    rows = []
    with gzip.open(data / "pool" / "pubmed_pool.jsonl.gz", "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            if row["title"].strip() and row["abstract"].strip() and row["sources"] != ["ebm_nlp_tok"]:
                rows.append((row["title"], row["abstract"]))
    return random.Random(seed).sample(rows, min(count, len(rows)))


def ours(name: str, models: InstalledSet, options: RunOptions, texts: list[Passage]) -> System:
    """One of our encoders, opened and warm."""
    encoder = load_encoder(models.article, options)
    encoder.encode(texts[:8])
    last: list[Vectors] = []

    def run() -> float:
        started = time.perf_counter()
        vectors = encoder.encode(texts)
        seconds = time.perf_counter() - started
        last[:] = [vectors]
        return seconds

    return System(name, run, lambda: last[0], note=str(encoder.runtime))


@contextmanager
def peer(name: str, command: list[str], texts: list[Passage], out: Path) -> Iterator[System]:
    """sentence-transformers in its own interpreter, opened and warm."""
    file = out.with_suffix(".json")
    file.write_text(json.dumps([f"{title} {abstract}" for title, abstract in texts]), encoding="utf-8")
    script = Path(__file__).parent / "peers" / "encode.py"
    python, *options = command
    child = subprocess.Popen(
        [python, str(script), str(file), *options[:1], str(out), *options[1:]],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    stdin, stdout = child.stdin, child.stdout
    if stdout.readline().strip() != "ready":
        raise SystemExit(f"{name}: {python} cannot run {script}")

    def run() -> float:
        stdin.write("\n")
        stdin.flush()
        return float(stdout.readline())

    def vectors() -> Vectors:
        if child.poll() is None:
            stdin.close()
            child.wait()
        rows: Vectors = np.load(out)
        return rows

    try:
        yield System(name, run, vectors)
    finally:
        child.kill()
        child.wait()


def in_turn(systems: list[System], rounds: int) -> dict[str, list[float]]:
    """Seconds of each system in each round; every round runs all of them, one after the other."""
    seconds: dict[str, list[float]] = {system.name: [] for system in systems}
    for number in range(rounds):
        for system in systems:
            seconds[system.name].append(system.run())
        shown = ", ".join(f"{name} {values[-1]:.2f} s" for name, values in seconds.items())
        print(f"round {number + 1}: {shown}", file=sys.stderr)
    return seconds


def ratio(seconds: dict[str, list[float]], system: str, other: str) -> float:
    """How many times faster `system` is than `other`: the median over rounds."""
    return statistics.median(b / a for a, b in zip(seconds[system], seconds[other], strict=True))


def mean_cosine(one: Vectors, other: Vectors) -> float:
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    return float(((one * other).sum(axis=1) / lengths).mean())


def report(systems: list[System], seconds: dict[str, list[float]], count: int) -> dict[str, dict[str, object]]:
    """A row a system, against the first one; prints them as a Markdown table."""
    reference = systems[0].vectors()
    rows: dict[str, dict[str, object]] = {}
    print(f"| system | abstracts/s | x {systems[0].name} | mean cosine | runs with |\n|---|---|---|---|---|")
    for system in systems:
        median = statistics.median(seconds[system.name])
        faster = ratio(seconds, system.name, systems[0].name)
        cosine = mean_cosine(system.vectors(), reference)
        rows[system.name] = {
            "abstracts_per_second": round(count / median, 2),
            "times_faster": round(faster, 2),
            "mean_cosine": round(cosine, 6),
            "seconds": [round(value, 3) for value in seconds[system.name]],
            "runs_with": system.note,
        }
        print(f"| {system.name} | {count / median:.1f} | {faster:.2f} | {cosine:.5f} | {system.note} |")
    return rows


def missed(seconds: dict[str, list[float]], rows: dict[str, dict[str, object]]) -> list[str]:
    """The bars that were not reached; those of systems that did not run are left out."""
    problems = []
    for system, other, bar in BARS:
        if system in seconds and other in seconds and (found := ratio(seconds, system, other)) < bar:
            problems.append(f"{system} is {found:.2f} times as fast as {other}, the bar is {bar}")
    for system, bar in MIN_COSINES.items():
        if system in rows and float(str(rows[system]["mean_cosine"])) < bar:
            problems.append(f"{system} has mean cosine {rows[system]['mean_cosine']}, the bar is {bar}")
    return problems


def save(name: str, rows: dict[str, dict[str, object]], texts: int) -> None:
    RESULTS.mkdir(exist_ok=True)
    machine = {"platform": platform.platform(), "cores": os.cpu_count(), "python": platform.python_version()}
    result = {"texts": texts, "machine": machine, "systems": rows}
    (RESULTS / f"{name}.json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


def arguments(description: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--home", type=Path, required=True, help="the folder with models/minilm in it")
    parser.add_argument("--data", type=Path, default=os.environ.get("BIOCPT_DATA"), help="default: $BIOCPT_DATA")
    parser.add_argument("--peer-python", help="an interpreter with sentence-transformers")
    parser.add_argument("--texts", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    if args.data is None:
        parser.error("--data is needed: the folder with pool/pubmed_pool.jsonl.gz")
    return args


def main() -> int:
    args = arguments("Abstracts encoded a second, ours beside sentence-transformers.")
    texts = passages(Path(args.data), args.texts)
    models = find_set(args.home, "minilm")
    checkpoint = models.folder / "source" / models.article.folder.name
    systems: list[System] = []
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        if args.peer_python:
            for name, dtype in ((PEER, "float32"), (PEER_BF16, "bfloat16")):
                command = [args.peer_python, str(checkpoint), "--dtype", dtype]
                systems.append(stack.enter_context(peer(name, command, texts, scratch / f"{dtype}.npy")))
        for name, options in OURS.items():
            try:
                systems.append(ours(name, models, options, texts))
            except ModelError as error:
                print(f"{name} left out: {error}", file=sys.stderr)
        seconds = in_turn(systems, args.rounds)
        rows = report(systems, seconds, len(texts))
    save("encode", rows, len(texts))
    problems = missed(seconds, rows)
    for problem in problems:
        print(f"MISSED: {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    raise SystemExit(main())
