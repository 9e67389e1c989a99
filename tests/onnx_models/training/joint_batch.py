"""One of two processes of a training, started by torchrun: DATA START FOLDER.

They work out one batch together, plain and cached; then they train four steps, stopped and resumed after the second.
At last the second looks for its checkpoint in another folder.
"""

import json
import sys
from itertools import islice
from pathlib import Path

import torch

from onnx_models.training import ranks, starting
from onnx_models.training.dataset import open_dataset
from onnx_models.training.errors import ProcessesApart
from onnx_models.training.loop import train
from onnx_models.training.retriever import ContrastiveSettings, Retriever
from onnx_models.training.settings import TrainingSettings

SETTINGS = TrainingSettings(steps=4, batch_size=4, learning_rate=1e-3, save_every=1)


def opened(data: Path, start: Path, *, negatives: int = 2, cached: bool = False) -> Retriever:
    return Retriever(
        open_dataset(data),
        starting.from_checkpoint(start),
        contrast=ContrastiveSettings(negatives=negatives, cached=cached, pass_tokens=200),
        settings=SETTINGS,
        device=torch.device("cpu"),
    )


def main(data: Path, start: Path, folder: Path) -> None:
    torch.set_num_threads(1)
    with ranks.joined() as (rank, size):
        assert size == 2
        folder.mkdir(exist_ok=True)
        for way in ("plain", "cached"):
            objective = opened(data, start, cached=way == "cached")
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
        for count in (2, 4):
            steps = train(opened(data, start, negatives=0), SETTINGS, folder, measure=lambda: 1.0)
            list(islice(steps, count))
            del steps
            ranks.each("here")  # the other may still be writing
        try:
            next(train(opened(data, start, negatives=0), SETTINGS, folder / "elsewhere" if rank else folder))
        except ProcessesApart as error:
            (folder / f"apart{rank}.txt").write_text(str(error))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
