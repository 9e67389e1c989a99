"""One of two processes that work out a window together, then one that the first has alone, by torchrun: DATA FOLDER."""

import json
import sys
from pathlib import Path

import torch

from onnx_models.training import ranks
from onnx_models.training.dataset import open_dataset
from onnx_models.training.layouts import PairTokens
from onnx_models.training.reranker import ListSettings, RerankerObjective, Window
from tests.onnx_models.training.test_windows import WordScorer


def main(data: Path, folder: Path) -> None:
    torch.set_num_threads(1)
    with ranks.joined() as (rank, size):
        assert size == 2
        scorer = WordScorer()
        objective = RerankerObjective(scorer, open_dataset(data), ListSettings(window=3, negatives=3, tokens=60))
        (joint, *_) = objective.batches(0, 0)
        nothing: Window[PairTokens] = Window([], 3)
        found = [gradients(objective, scorer, window) for window in (joint, joint if rank == 0 else nothing)]
        if rank == 0:
            folder.mkdir()
            (folder / "losses.json").write_text(json.dumps([losses for losses, _ in found]))
            torch.save([weights for _, weights in found], folder / "gradients.pt")


def gradients(
    objective: RerankerObjective[PairTokens], scorer: WordScorer, window: Window[PairTokens]
) -> tuple[list[float], list[torch.Tensor]]:
    """The loss as each process has it, and the gradients of both together."""
    losses = ranks.each(objective.backward(window))
    ranks.sum_gradients([weight for module in scorer.modules.values() for weight in module.parameters()])
    return losses, scorer.gradients()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
