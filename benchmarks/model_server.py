"""Texts a second through `biocpt serve` with 32 clients at once, beside what a Python user would start instead.

    python benchmarks/model_server.py [--home HOME] [--data $BIOCPT_DATA]

The others are sentence-transformers behind FastAPI and uvicorn, and infinity-emb. All run the same weights: MiniLM, and
a cross-encoder of its shape drawn at random (as in rerank.py). Ours is also held against our own offline batches, which
is what the network and the sharing may cost, and one request alone against the same call without a server.
"""

import argparse
import os
import re
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
from numpy.typing import NDArray

from benchmarks import clients, commandline, environments, folders, peer
from benchmarks.encode import Passage, passages
from benchmarks.environments import NotRun
from benchmarks.report import Claim, Report
from benchmarks.rerank import QUERY
from benchmarks.timing import Spread, in_turn, rates, ratio
from onnx_models import InstalledSet, find_set, load_encoder, load_reranker

Numbers = NDArray[np.float32]

OURS, OFFLINE = "biocpt serve", "ours offline"
PEERS = ("sentence-transformers", "infinity-emb")
CLIENTS = 32
EMBEDDED, RERANKED = 8, 20
"""Texts in a request to be embedded, and to be re-ranked."""
MAX_TOKENS = 256
STARTED = 300.0
"""Seconds within which a server has to answer."""
PEER_BAR, OFFLINE_BAR, OVERHEAD_BAR = 1.5, 0.85, 3.0
AGREE = 1e-3
"""How far another's vectors, and scores as a part of how far they lie apart, may be from ours."""


@dataclass(frozen=True, kw_only=True)
class Server:
    """A server that runs: its port, its words for a request, and how its answers are read."""

    port: int
    embed: Callable[[Sequence[str]], bytes]
    rerank: Callable[[Sequence[str]], bytes]
    vectors: Callable[[Any], Numbers]
    scores: Callable[[Any], Numbers]


def openai_vectors(said: Any) -> Numbers:
    return np.array([row["embedding"] for row in said["data"]], dtype=np.float32)


def in_order(rows: Sequence[Mapping[str, Any]], score: str) -> Numbers:
    return np.array([row[score] for row in sorted(rows, key=lambda row: row["index"])], dtype=np.float32)


@contextmanager
def ours(models: InstalledSet) -> Iterator[Server]:
    """`biocpt serve`, in a process of its own."""
    command = [sys.executable, "-c", "from search.cli import main; main()", "serve", "--model", str(models.folder)]
    root = str(Path(__file__).parents[1])
    environment = {**os.environ, "PYTHONPATH": root}
    patient = ("--port", "0", "--max-wait", "600", "--timeout", "600")  # the others refuse nothing
    process = subprocess.Popen([*command, *patient], stderr=subprocess.PIPE, text=True, env=environment)
    assert process.stderr is not None
    try:
        said = process.stderr.readline()
        found = re.search(r":(\d+);", said)
        if found is None:
            raise NotRun(environments.reason(said + process.stderr.read()))
        name = models.model_set.name
        yield Server(
            port=int(found[1]),
            embed=lambda texts: clients.post("/v1/embeddings", {"model": f"{name}-article", "input": texts}),
            rerank=lambda texts: clients.post("/rerank", {"query": QUERY, "texts": texts, "raw_scores": True}),
            vectors=openai_vectors,
            scores=lambda said: in_order(said, "score"),
        )
    finally:
        process.terminate()
        process.communicate()


@contextmanager
def sentence_transformers(
    encoder: Path, cross: Path, peers: Mapping[str, str], versions: dict[str, str]
) -> Iterator[Server]:
    """peers/model_server.py."""
    python = environments.python("sentence-transformers", peers)
    with peer.opened(python, "model_server.py", encoder, cross, "--max-tokens", MAX_TOKENS) as opened:
        versions |= opened.versions
        yield Server(
            port=int(opened.ask()["port"]),
            embed=lambda texts: clients.post("/v1/embeddings", {"input": texts}),
            rerank=lambda texts: clients.post("/rerank", {"query": QUERY, "texts": texts}),
            vectors=openai_vectors,
            scores=lambda said: in_order(said, "score"),
        )


@contextmanager
def infinity(encoder: Path, cross: Path, peers: Mapping[str, str], versions: dict[str, str]) -> Iterator[Server]:
    """infinity-emb with its torch engine, as its README starts it."""
    python = environments.python("infinity-emb", peers)
    versions |= environments.versions(python, "infinity-emb")
    with socket.socket() as free:
        free.bind((clients.HOST, 0))
        port = free.getsockname()[1]
    command = [str(Path(python).with_name("infinity_emb")), "v2", "--host", clients.HOST, "--port", str(port)]
    for model, name in ((encoder, "encoder"), (cross, "cross")):
        command += ["--model-id", str(model), "--served-model-name", name]
    command += ["--device", "cpu", "--engine", "torch", "--no-bettertransformer", "--log-level", "error"]
    environment = {**os.environ, "DO_NOT_TRACK": "1", "HF_HUB_OFFLINE": "1"}
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
    try:
        yield Server(
            port=port,
            embed=lambda texts: clients.post("/embeddings", {"model": "encoder", "input": texts}),
            rerank=lambda texts: clients.post(
                "/rerank", {"model": "cross", "query": QUERY, "documents": texts, "raw_scores": True}
            ),
            vectors=openai_vectors,
            scores=lambda said: in_order(said["results"], "relevance_score"),
        )
    finally:
        process.terminate()
        process.wait()


def ready(server: Server) -> None:
    """Wait until it answers.

    Raises:
        NotRun: it does not.
    """
    deadline = time.monotonic() + STARTED
    while True:
        try:
            clients.answer(server.port, server.embed(["ready"]))
            return
        except (OSError, EOFError, clients.Refused) as error:
            if time.monotonic() > deadline:
                raise NotRun(f"it does not answer: {error}") from error
            time.sleep(0.2)


class Field:
    """All that take part: how each goes through all texts once, by what it is asked to do."""

    def __init__(self, texts: list[Passage], models: InstalledSet) -> None:
        self.lines = [f"{title}\n{abstract}" for title, abstract in texts]
        """Our article side reads the first line as the title; its blank is a space in this model's input."""
        encoder, reranker = load_encoder(models.article), load_reranker(models, "cross")
        assert reranker is not None
        self.vectors, self.scores = encoder.encode(texts[:RERANKED]), reranker.score(QUERY, texts[:RERANKED])
        self.embedding: dict[str, Callable[[], float]] = {OFFLINE: lambda: _timed(lambda: encoder.encode(texts))}
        self.reranking: dict[str, Callable[[], float]] = {OFFLINE: lambda: _timed(lambda: reranker.score(QUERY, texts))}
        self.not_run: dict[str, str] = {}

    def add(self, name: str, server: Server) -> None:
        """Let a server take part, if it computes the same."""
        ready(server)
        few = self.lines[:RERANKED]
        vectors = server.vectors(clients.answer(server.port, server.embed(few)))
        scores = server.scores(clients.answer(server.port, server.rerank(few)))
        far = np.abs(vectors - self.vectors).max(), np.abs(scores - self.scores).max() / np.ptp(self.scores)
        if not max(far) <= AGREE:
            self.not_run[name] = f"its vectors differ from ours by {far[0]:.2g}, its scores by {far[1]:.2g}"
            return
        embed = [server.embed(part) for part in _parts(self.lines, EMBEDDED)]
        rerank = [server.rerank(part) for part in _parts(self.lines, RERANKED)]
        self.embedding[name] = lambda: clients.seconds(server.port, embed, CLIENTS)
        self.reranking[name] = lambda: clients.seconds(server.port, rerank, CLIENTS)


def overhead(server: Server, models: InstalledSet, times: int) -> Spread:
    """Milliseconds that a request of one query takes above the same call without a server, by their medians."""
    name = models.model_set.name
    encoder = load_encoder(models.query)
    request = clients.post("/v1/embeddings", {"model": f"{name}-query", "input": QUERY})
    found = []
    for _ in range(3):
        alone = statistics.median(_timed(lambda: encoder.encode([QUERY])) for _ in range(times))
        served = statistics.median(clients.latencies(server.port, request, times))
        found.append((served - alone) * 1000)
    return Spread.of(found)


def measure(options: argparse.Namespace) -> Report:
    texts = passages(commandline.data(options, "pool"), 64 if options.quick else options.texts)
    checkpoint = folders.checkpoint(folders.minilm(options.home))
    cross = folders.random_cross_encoder(checkpoint, MAX_TOKENS, options.peers) / "checkpoint"
    models = find_set(options.home, str(folders.set_with_cross_encoder(checkpoint, cross, MAX_TOKENS)))
    whole = folders.complete_checkpoint(checkpoint, models.article.manifest.hidden_size, MAX_TOKENS)
    field, rounds = Field(texts, models), 2 if options.quick else options.rounds
    versions: dict[str, str] = {}
    openers: dict[str, Callable[[], AbstractContextManager[Server]]] = {
        "sentence-transformers": lambda: sentence_transformers(whole, cross, options.peers, versions),
        "infinity-emb": lambda: infinity(whole, cross, options.peers, versions),
    }
    with ExitStack() as stack:
        server = stack.enter_context(ours(models))
        field.add(OURS, server)
        for name, opener in openers.items():
            try:
                field.add(name, stack.enter_context(opener()))
            except NotRun as error:
                field.not_run[name] = str(error)
        alone = overhead(server, models, 50 if options.quick else 300)
        seconds = {"embedding": in_turn(field.embedding, rounds), "re-ranking": in_turn(field.reranking, rounds)}
    work = {
        "texts": len(texts),
        "clients": CLIENTS,
        "texts a request": EMBEDDED,
        "to re-rank": RERANKED,
        "rounds": rounds,
    }
    return Report(
        name="model_server",
        work=work,
        claims=(*claims(seconds, len(texts)), alone_claim(alone)),
        versions=versions,
        not_run=field.not_run,
        notes=("Every server's vectors and scores agree with ours.", "Idle servers stay open while another is asked."),
        figures={"seconds": seconds},
    )


def claims(seconds: Mapping[str, Mapping[str, Sequence[float]]], count: int) -> Iterator[Claim]:
    for what, took in seconds.items():
        for other, bar in ((OFFLINE, OFFLINE_BAR), *((name, PEER_BAR) for name in PEERS)):
            if other in took:
                yield Claim(
                    claim=f"{what} for {CLIENTS} clients at once, {OURS}",
                    unit="texts/s",
                    ours=Spread.of(rates(took[OURS], count)),
                    beside=other,
                    theirs=Spread.of(rates(took[other], count)),
                    ratio=ratio(took[other], took[OURS]),
                    bar=bar,
                )


def alone_claim(alone: Spread) -> Claim:
    return Claim(
        claim="one query alone, beyond the same call without a server",
        unit="ms",
        ours=alone,
        bar=OVERHEAD_BAR,
        bar_on="ours",
        at_most=True,
    )


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _parts(lines: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (lines[start : start + size] for start in range(0, len(lines), size))


def main() -> int:
    asked = commandline.parser(__doc__, rounds=2)
    asked.add_argument("--texts", type=int, default=320)
    return commandline.run("model_server", asked, measure)


if __name__ == "__main__":
    sys.exit(main())
