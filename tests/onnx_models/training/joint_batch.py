"""One of two processes that work out one batch together, plain and cached, started by torchrun: DATA START FOLDER."""

import json
import sys
from pathlib import Path

import torch

from onnx_models.training import ranks, starting
from onnx_models.training.dataset import open_dataset
from onnx_models.training.retriever import ContrastiveSettings, Retriever
from onnx_models.training.settings import TrainingSettings


def main(data: Path, start: Path, folder: Path) -> None:
    torch.set_num_threads(1)
    with ranks.joined() as (rank, size):
        assert size == 2
        folder.mkdir(exist_ok=True)
        for way in ("plain", "cached"):
            objective = Retriever(
                open_dataset(data),
                starting.from_checkpoint(start),
                contrast=ContrastiveSettings(negatives=2, cached=way == "cached", pass_tokens=200),
                settings=TrainingSettings(epochs=1, batch_size=4),
                device=torch.device("cpu"),
            )
            losses = ranks.each(objective.backward(next(objective.batches(0, 0))))
            weights = {
                f"{side}.{name}": weight
                for side, module in objective.modules.items()
                for name, weight in module.named_parameters()
                if weight.grad is not None
            }
            ranks.sum_gradients(weights.values())
            if rank == 0:
                (folder / f"{way}.json").write_text(json.dumps(losses))
                torch.save({name: weight.grad for name, weight in weights.items()}, folder / f"{way}.pt")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
