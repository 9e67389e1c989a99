"""Passages re-ranked a second, ours beside sentence-transformers, optimum and fastembed: same weights, same pairs.

    python benchmarks/rerank.py [--home HOME] [--data $BIOCPT_DATA]

The cross-encoder has MiniLM's shape and tokenizer, and weights drawn at random with a seed, as nothing is downloaded:
it ranks nothing, and takes the time of one that was trained. optimum makes it; ours is exported from the same
checkpoint as `biocpt models export` does. Scores have to agree before times count. Late interaction, which needs the
encoder's weights alone and which the others do not have, is shown beside.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
from numpy.typing import NDArray

from benchmarks import commandline, environments, folders, peer
from benchmarks.encode import Passage, passages
from benchmarks.environments import NotRun
from benchmarks.report import Claim, Report
from benchmarks.timing import Spread, in_turn, rates, ratio
from onnx_models import ModelError, Reranker, RunOptions, find_set, load_reranker

Scores = NDArray[np.float32]

QUERY = "Does early treatment lower the risk of recurrence in patients with this disease?"
PEERS = ("sentence-transformers", "optimum", "fastembed")
OURS = {
    "ours fp32": RunOptions(precision="fp32"),
    "ours OpenVINO fp32": RunOptions(backend="openvino", precision="fp32"),
}
LATE = "ours, late interaction"
MAX_TOKENS = 256
TOLERANCE = 1e-3
"""How far a peer's scores may lie from ours, as a part of how far ours lie apart."""


class Line:
    """All that re-rank: name → seconds of a pass, and the scores of the last one."""

    def __init__(self, texts: list[Passage], stack: ExitStack) -> None:
        self.texts, self._stack = texts, stack
        self._scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        self.passes: dict[str, Callable[[], float]] = {}
        self.scores: dict[str, Callable[[], Scores]] = {}
        self.versions: dict[str, str] = {}
        self.not_run: dict[str, str] = {}

    def add_ours(self, name: str, opener: Callable[[], Reranker | None]) -> None:
        try:
            reranker = opener()
        except ModelError as error:
            self.not_run[name] = str(error)
            return
        assert reranker is not None
        reranker.score(QUERY, self.texts[:8])
        last: list[Scores] = []

        def once() -> float:
            started = time.perf_counter()
            scores = reranker.score(QUERY, self.texts)
            seconds = time.perf_counter() - started
            last[:] = [scores]
            return seconds

        self.passes[name], self.scores[name] = once, lambda: last[0]

    def add_peer(self, name: str, peers: Mapping[str, str], model: Callable[[], Path]) -> None:
        pairs, out = self._scratch / "pairs.json", self._scratch / f"{name}.npy"
        said = {"query": QUERY, "passages": [f"{title} {abstract}" for title, abstract in self.texts]}
        pairs.write_text(json.dumps(said), encoding="utf-8")
        try:
            python = environments.python(name, peers)
            opened = self._stack.enter_context(peer.opened(python, "rerank.py", name, pairs, model(), out))
        except NotRun as error:
            self.not_run[name] = str(error)
            return
        self.versions |= opened.versions
        self.passes[name], self.scores[name] = opened.seconds, lambda: np.load(out)


def strangers(scores: Mapping[str, Scores], reference: str) -> dict[str, float]:
    """Whose scores differ from the reference's by more than rounding → how much, as a part of their range."""
    ours = scores[reference]
    far = {name: float(np.abs(each - ours).max() / np.ptp(ours)) for name, each in scores.items()}
    return {name: share for name, share in far.items() if not share <= TOLERANCE}


def measure(options: argparse.Namespace) -> Report:
    texts = passages(commandline.data(options, "pool"), 16 if options.quick else options.texts)
    models = folders.minilm(options.home)
    checkpoint = folders.checkpoint(models)
    cross = folders.random_cross_encoder(checkpoint, MAX_TOKENS, options.peers)
    ours = find_set(options.home, str(folders.set_with_cross_encoder(checkpoint, cross / "checkpoint", MAX_TOKENS)))
    rounds = 2 if options.quick else options.rounds
    with ExitStack() as stack:
        line = Line(texts, stack)
        for name in PEERS:
            kind = "checkpoint" if name == "sentence-transformers" else "onnx"
            line.add_peer(name, options.peers, lambda k=kind: cross / k)
        for name, run in OURS.items():
            line.add_ours(name, lambda r=run: load_reranker(ours, "cross", r))
        line.add_ours(LATE, lambda: load_reranker(models, "late"))
        seconds = in_turn(line.passes, rounds)
        scores = {name: given() for name, given in line.scores.items() if name != LATE}
    for name, share in strangers(scores, next(iter(OURS))).items():
        line.not_run[name] = f"its scores differ from ours by {share:.2g} of their range"
        del seconds[name]
    return found(seconds, {"passages": len(texts), "rounds": rounds}, line)


def found(seconds: Mapping[str, Sequence[float]], work: Mapping[str, str | int | float], line: Line) -> Report:
    count = int(work["passages"])
    speed = {name: Spread.of(rates(values, count)) for name, values in seconds.items()}
    claims = [
        Claim(
            claim=f"re-ranking by a cross-encoder, {name}",
            unit="passages/s",
            ours=speed[name],
            beside=other,
            theirs=speed[other],
            ratio=ratio(seconds[other], seconds[name]),
        )
        for name in OURS
        for other in PEERS
        if name in seconds and other in seconds
    ]
    if LATE in seconds:
        claims.append(Claim(claim="re-ranking by late interaction", unit="passages/s", ours=speed[LATE]))
    return Report(
        name="rerank",
        work=work,
        claims=tuple(claims),
        versions=line.versions,
        not_run=line.not_run,
        notes=(f"All scores by the cross-encoder agree with ours within {TOLERANCE} of their range.",),
        figures={"seconds": seconds},
    )


def main() -> int:
    asked = commandline.parser(__doc__, rounds=2)
    asked.add_argument("--texts", type=int, default=300)
    return commandline.run("rerank", asked, measure)


if __name__ == "__main__":
    sys.exit(main())
