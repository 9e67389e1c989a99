"""Small data for a retriever: queries and passages of the words that the tests' checkpoints know, and a tiny start."""

import json
import random
from collections.abc import Sequence
from pathlib import Path

from onnx_models.training.dataset import Dataset, DatasetWriter, Passage, RankList
from tests.onnx_models import checkpoints

WORDS = checkpoints.WORDS.split()


def passage(draw: random.Random, id: str) -> Passage:
    return Passage(
        id, " ".join(draw.sample(WORDS, draw.randint(2, 6))), " ".join(draw.sample(WORDS, draw.randint(0, 30)))
    )


def lists(count: int, *, negatives: int = 2, seed: int = 0) -> list[RankList]:
    """Queries that share articles: every third has two positives, one of which is the next query's too."""
    draw = random.Random(seed)
    pool = [passage(draw, f"a{number}") for number in range(count)]
    made = []
    for number in range(count):
        own = [pool[number], *([pool[(number + 1) % count]] if number % 3 == 0 else [])]
        further = tuple(passage(draw, f"n{number}-{each}") for each in range(draw.randint(0, negatives)))
        made.append(
            RankList(
                query_id=f"q{number}",
                query=" ".join(own[0].title.split()[:3]),
                positives=tuple((one, draw.randint(1, 9)) for one in own),
                negatives=further,
            )
        )
    return made


def write(folder: Path, ranked: Sequence[RankList]) -> Dataset:
    with DatasetWriter(folder, "pairs", in_a_shard=7) as writer:
        for one in ranked:
            writer.write(one)
        return writer.finish()


def checkpoint(folder: Path, *, dropout: float = 0.0, seed: int = 0) -> Path:
    """A tiny BERT with this dropout."""
    checkpoints.write(folder, seed=seed)
    config = json.loads((folder / "config.json").read_text())
    config |= {"hidden_dropout_prob": dropout, "attention_probs_dropout_prob": dropout}
    (folder / "config.json").write_text(json.dumps(config))
    return folder
