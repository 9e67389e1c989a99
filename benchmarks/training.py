"""Pairs a second that a retriever learns from, ours beside sentence-transformers' trainer: same model, batches, loss.

    python benchmarks/training.py [--home HOME] [--data $BIOCPT_DATA]

HOME holds the set minilm with its source checkpoint. Titles are the queries, their abstracts the answers. The loss is
what both have: in-batch negatives from query to article, cosines times 20 (MultipleNegativesRankingLoss), without
dropout, so that the losses of every step have to agree before times count. Both run torch on all cores.
"""

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import commandline, environments, folders, peer
from benchmarks.encode import passages
from benchmarks.environments import NotRun
from benchmarks.peer import Peer
from benchmarks.report import Claim, Report
from benchmarks.timing import Spread, in_turn, rates, ratio
from onnx_models.training.dataset import Dataset, DatasetWriter, Passage, RankList
from onnx_models.training.settings import TrainingSettings

if TYPE_CHECKING:
    from onnx_models.training.starting import Start

OURS, PEER = "ours", "sentence-transformers"
MAX_TOKENS, SCALE, LEARNING_RATE = 256, 20.0, 2e-5
TOLERANCE = 1e-3
"""How far two losses of one step may lie apart: other kernels round otherwise, and steps carry it on."""


@dataclass(frozen=True)
class Work:
    """What both do in one run."""

    batch: int
    steps: int

    @property
    def settings(self) -> TrainingSettings:
        """Ours; the peer's script has the same numbers."""
        return TrainingSettings(
            steps=self.steps, batch_size=self.batch, learning_rate=LEARNING_RATE, warm_up=0, schedule="constant"
        )


class Ours:
    """Trains from the checkpoint anew each time."""

    def __init__(self, start: "Start", dataset: Dataset, work: Work, scratch: Path) -> None:
        self._start, self._dataset, self._work, self._scratch = start, dataset, work, scratch
        self.losses: list[float] = []

    def seconds(self) -> float:
        """Those of the steps: reading texts, computing and the optimiser."""
        from onnx_models.training.loop import train
        from onnx_models.training.retriever import ContrastiveSettings, Retriever

        contrast = ContrastiveSettings(alpha=1, scale=SCALE, mask=False)
        objective = Retriever(self._dataset, self._start, contrast=contrast, settings=self._work.settings)
        folder = Path(tempfile.mkdtemp(dir=self._scratch))
        steps = list(train(objective, self._work.settings, folder))
        shutil.rmtree(folder)
        self.losses = [step.loss for step in steps]
        return self._work.batch * self._work.steps / steps[-1].examples_per_second


class Theirs:
    """The peer in its process."""

    def __init__(self, opened: Peer) -> None:
        self._peer, self.losses = opened, list[float]()

    def seconds(self) -> float:
        """Those of its trainer's loop, by its own clock."""
        answer = self._peer.ask()
        self.losses = [float(loss) for loss in answer["losses"]]
        return float(answer["seconds"])


def without_dropout(source: Path, folder: Path) -> Path:
    """A copy of the checkpoint whose losses repeat."""
    shutil.copytree(source, folder)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config |= {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    return folder


def written(texts: Sequence[tuple[str, str]], folder: Path) -> Dataset:
    """Titles as queries, abstracts as what answers them, every clicked once: all weigh the same."""
    with DatasetWriter(folder, "pairs") as writer:
        for number, (title, abstract) in enumerate(texts):
            positive = Passage(str(number), "", abstract)
            writer.write(RankList(query_id=str(number), query=title, positives=((positive, 1),)))
        return writer.finish()


def in_our_order(dataset: Dataset, work: Work) -> list[tuple[str, str]]:
    """The pairs of all steps as our loop reads them."""
    found: list[tuple[str, str]] = []
    epoch = 0
    while len(found) < work.batch * work.steps:
        pairs = [(pair.query, pair.positive.abstract) for pair in dataset.pairs(seed=work.settings.seed, epoch=epoch)]
        found += pairs[: len(pairs) // work.batch * work.batch]
        epoch += 1
    return found[: work.batch * work.steps]


def furthest(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The largest difference between two losses of one step."""
    return max(abs(a - b) for a, b in zip(ours, theirs, strict=True))


def measure(options: argparse.Namespace) -> Report:
    try:
        import torch  # noqa: F401
        import transformers  # noqa: F401
    except ImportError as error:
        raise NotRun("training needs torch: pip install 'biocpt-search[train]'") from error
    from onnx_models.training import starting

    work = Work(batch=8, steps=2) if options.quick else Work(batch=options.batch, steps=options.steps)
    texts = passages(commandline.data(options, "pool"), work.batch * work.steps)
    source = folders.checkpoint(folders.minilm(options.home))
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        model = without_dropout(source, scratch / "checkpoint")
        dataset = written(texts, scratch / "data")
        read = {"pooling": "mean", "similarity": "cosine", "max_tokens": MAX_TOKENS, "layout": "concat"}
        start = starting.changed(starting.from_checkpoint(model), query=read, article=read, tied=True)
        pairs = scratch / "pairs.json"
        pairs.write_text(json.dumps(in_our_order(dataset, work)), encoding="utf-8")
        python = environments.python(PEER, options.peers)
        numbers = ("--batch", work.batch, "--steps", work.steps, "--max-tokens", MAX_TOKENS)
        opened = stack.enter_context(peer.opened(python, "training.py", pairs, model, *numbers))
        ours, theirs = Ours(start, dataset, work, scratch), Theirs(opened)
        seconds = in_turn({OURS: ours.seconds, PEER: theirs.seconds}, 1 if options.quick else options.rounds)
        return found(seconds, {OURS: ours.losses, PEER: theirs.losses}, work, opened.versions)


def found(
    seconds: Mapping[str, Sequence[float]],
    losses: Mapping[str, Sequence[float]],
    work: Work,
    versions: Mapping[str, str],
) -> Report:
    count = work.batch * work.steps
    speed = {name: Spread.of(rates(values, count)) for name, values in seconds.items()}
    claims = (
        Claim(
            claim="training a retriever",
            unit="pairs/s",
            ours=speed[OURS],
            beside=PEER,
            theirs=speed[PEER],
            ratio=ratio(seconds[PEER], seconds[OURS]),
            bar=1.0,
        ),
        Claim(
            claim="the largest difference of a step's losses",
            ours=Spread.alone(furthest(losses[OURS], losses[PEER])),
            beside=PEER,
            bar=TOLERANCE,
            bar_on="ours",
            at_most=True,
        ),
    )
    return Report(
        name="training",
        work={"batch": work.batch, "steps": work.steps, "tokens of a text, at most": MAX_TOKENS},
        claims=claims,
        versions=versions,
        notes=("Ours without the checkpoint at the end of a run; the peer writes none.",),
        figures={"seconds": seconds, "losses": losses},
    )


def main() -> int:
    asked = commandline.parser(__doc__, rounds=2)
    asked.add_argument("--batch", type=int, default=32)
    asked.add_argument("--steps", type=int, default=6)
    return commandline.run("training", asked, measure)


if __name__ == "__main__":
    sys.exit(main())
