"""One of two processes that work out one window together, started by torchrun: DATA FOLDER."""

import json
import sys
from pathlib import Path

import torch

from onnx_models.training import ranks
from onnx_models.training.dataset import open_dataset
from onnx_models.training.reranker import ListSettings, RerankerObjective
from tests.onnx_models.training.test_windows import WordScorer


def main(data: Path, folder: Path) -> None:
    torch.set_num_threads(1)
    with ranks.joined() as (rank, size):
        assert size == 2
        scorer = WordScorer()
        objective = RerankerObjective(scorer, open_dataset(data), ListSettings(window=3, negatives=3, tokens=60))
        losses = ranks.each(objective.backward(next(objective.batches(0, 0))))
        weights = [weight for module in scorer.modules.values() for weight in module.parameters()]
        ranks.sum_gradients(weights)
        if rank == 0:
            folder.mkdir()
            (folder / "losses.json").write_text(json.dumps(losses))
            torch.save([weight.grad for weight in weights], folder / "gradients.pt")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
