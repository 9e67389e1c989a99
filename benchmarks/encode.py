"""Abstracts encoded a second, ours beside sentence-transformers, optimum and fastembed: same texts, same weights.

    python benchmarks/encode.py [--home HOME] [--data $BIOCPT_DATA]

HOME holds the set minilm with its source checkpoint (`biocpt models pull minilm`) and int8
(`biocpt models quantize minilm`). Optimum and fastembed run the graph that optimum exports from the checkpoint. All
cores; in turn. Seen on one machine with AMX: fp32 2.05 times sentence-transformers, int8 3.48, OpenVINO bf16 4.42.
"""

import argparse
import gzip
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
from numpy.typing import NDArray

from benchmarks import commandline, environments, folders, peer
from benchmarks.environments import NotRun
from benchmarks.report import Claim, Report
from benchmarks.timing import Spread, in_turn, rates, ratio
from onnx_models import InstalledSet, ModelError, RunOptions, load_encoder

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
    ("ours fp32", "optimum", None),
    ("ours fp32", "fastembed", None),
)
NOTES = {
    "encode": (
        "The bars of bf16 were set on a processor with AMX, where OpenVINO gains more than torch; without it both are "
        "near the processor's peak.",
    )
}
MIN_COSINES = {"ours fp32": 0.99999, "ours OpenVINO fp32": 0.99999, "ours int8": 0.99, "ours OpenVINO bf16": 0.9999}
MAX_TOKENS = 256
SAME_WORK = 0.9999
"""The least mean cosine of another tool's fp32 vectors with the first's: below it, texts were not read alike."""


@dataclass(frozen=True)
class System:
    """Something that encodes the texts: `run` gives the seconds that one pass took, `vectors` the last pass's rows."""

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


def ours(models: InstalledSet, options: RunOptions, texts: list[Passage]) -> System:
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

    return System(run, lambda: last[0], note=str(encoder.runtime))


@dataclass
class Line:
    """All systems of one comparison; what could not be opened stands in `not_run` with the reason."""

    texts: list[Passage]
    stack: ExitStack
    scratch: Path
    systems: dict[str, System]
    versions: dict[str, str]
    not_run: dict[str, str]

    def add_ours(self, name: str, models: InstalledSet, options: RunOptions) -> None:
        try:
            self.systems[name] = ours(models, options, self.texts)
        except ModelError as error:
            self.not_run[name] = str(error)

    def add_peer(self, name: str, command: Callable[[], Sequence[object]]) -> None:
        """`command` gives interpreter, tool, model and options."""
        texts, out = self.scratch / "texts.json", self.scratch / f"{len(self.systems)}.npy"
        texts.write_text(json.dumps([f"{title} {abstract}" for title, abstract in self.texts]), encoding="utf-8")
        try:
            python, tool, model, *more = command()
            opened = self.stack.enter_context(peer.opened(str(python), "encode.py", tool, texts, model, out, *more))
        except NotRun as error:
            self.not_run[name] = str(error)
            return
        self.versions |= opened.versions
        self.systems[name] = System(opened.seconds, lambda: np.load(out))

    def leave_out_strangers(self, seconds: dict[str, list[float]], names: Sequence[str]) -> None:
        """Whoever did other work than the first: its time says nothing."""
        reference = next(iter(self.systems.values())).vectors()
        for name in [name for name in names if name in self.systems]:
            cosine = mean_cosine(self.systems[name].vectors(), reference)
            if not cosine >= SAME_WORK:
                self.not_run[name] = f"its vectors are others: mean cosine {cosine:.5f}"
                del self.systems[name], seconds[name]


def found(
    name: str,
    line: Line,
    seconds: Mapping[str, Sequence[float]],
    bars: Sequence[tuple[str, str, float | None]],
    cosines: Mapping[str, float],
    work: Mapping[str, str | int | float],
) -> Report:
    """Claims of speed, and of agreement with the first system that ran."""
    count, reference = len(line.texts), next(iter(line.systems))
    speed = {system: Spread.of(rates(values, count)) for system, values in seconds.items()}
    rows = line.systems[reference].vectors()
    cosine = {system: mean_cosine(each.vectors(), rows) for system, each in line.systems.items()}
    claims = [
        Claim(
            claim=f"encoding, {system}",
            unit="abstracts/s",
            ours=speed[system],
            beside=other,
            theirs=speed[other],
            ratio=ratio(seconds[other], seconds[system]),
            bar=bar,
        )
        for system, other, bar in bars
        if system in seconds and other in seconds
    ]
    claims += [
        Claim(
            claim=f"mean cosine, {system}",
            ours=Spread.alone(cosine[system]),
            beside=reference,
            bar=bar,
            bar_on="ours",
        )
        for system, bar in cosines.items()
        if system in cosine
    ]
    return Report(
        name=name,
        work=work,
        claims=tuple(claims),
        versions=line.versions,
        not_run=line.not_run,
        notes=(
            *(f"{system} runs with {each.note}." for system, each in line.systems.items() if each.note),
            *NOTES.get(name, ()),
        ),
        figures={"seconds": seconds, "mean_cosine": cosine},
    )


def mean_cosine(one: Vectors, other: Vectors) -> float:
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    return float(((one * other).sum(axis=1) / lengths).mean())


def measure(options: argparse.Namespace) -> Report:
    texts = passages(commandline.data(options, "pool"), 16 if options.quick else options.texts)
    models = folders.minilm(options.home)
    checkpoint = folders.checkpoint(models)
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        line = Line(texts, stack, scratch, {}, {}, {})
        for name, dtype in ((PEER, "float32"), (PEER_BF16, "bfloat16")):
            line.add_peer(
                name, lambda d=dtype: (environments.python(PEER, options.peers), PEER, checkpoint, "--dtype", d)
            )
        for name in ("optimum", "fastembed"):
            line.add_peer(
                name,
                lambda n=name: (
                    environments.python(n, options.peers),
                    n,
                    folders.plain_encoder(checkpoint, MAX_TOKENS, options.peers),
                ),
            )
        for name, run in OURS.items():
            line.add_ours(name, models, run)
        rounds = 2 if options.quick else options.rounds
        seconds = in_turn({name: system.run for name, system in line.systems.items()}, rounds)
        line.leave_out_strangers(seconds, ("optimum", "fastembed"))
        return found("encode", line, seconds, BARS, MIN_COSINES, {"texts": len(texts), "rounds": rounds})


def main() -> int:
    asked = commandline.parser(__doc__, rounds=2)
    asked.add_argument("--texts", type=int, default=500)
    return commandline.run("encode", asked, measure)


if __name__ == "__main__":
    sys.exit(main())
