"""A process that trains a retriever, says each step, and waits after one to be killed: DATA START FOLDER STEP."""

import hashlib
import json
import sys
from pathlib import Path

import torch

from onnx_models.training import starting
from onnx_models.training.dataset import open_dataset
from onnx_models.training.loop import train
from onnx_models.training.retriever import ContrastiveSettings, Retriever
from onnx_models.training.settings import TrainingSettings


def main(data: Path, start: Path, folder: Path, wait_after: int = 0) -> None:
    torch.set_num_threads(1)
    settings = TrainingSettings(steps=9, batch_size=8, learning_rate=1e-3, save_every=2)
    objective = Retriever(
        open_dataset(data),
        starting.from_checkpoint(start),
        contrast=ContrastiveSettings(negatives=1, cached=True, pass_tokens=200),
        settings=settings,
        device=torch.device("cpu"),
    )
    for progress in train(objective, settings, folder):
        print(f"step {progress.step} loss {progress.loss}", flush=True)
        if progress.step == wait_after:
            sys.stdin.read()
    digests = {
        f"{side}.{name}": hashlib.sha256(weight.numpy().tobytes()).hexdigest()
        for side, module in objective.modules.items()
        for name, weight in module.state_dict().items()
    }
    (folder / "weights.json").write_text(json.dumps(digests))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]))
