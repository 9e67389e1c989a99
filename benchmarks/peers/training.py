"""sentence-transformers' trainer, driven by benchmarks/training.py: a run from the checkpoint for each line on stdin.

    python training.py PAIRS.json CHECKPOINT [--batch 32] [--steps 8] [--max-tokens 256]

PAIRS.json is a list of [query, article], in the order to train on. The answer has the seconds of the loop, without
opening the model, and each step's loss.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

from datasets import Dataset
from mean_pooling import opened
from sentence_transformers import SentenceTransformer, SentenceTransformerTrainer, SentenceTransformerTrainingArguments
from sentence_transformers.losses import MultipleNegativesRankingLoss
from sentence_transformers.sampler import DefaultBatchSampler
from serving import serve
from torch import Tensor
from torch.utils.data import SequentialSampler
from transformers import PrinterCallback, TrainerCallback
from transformers.utils import logging

LEARNING_RATE = 2e-5


class Noted(MultipleNegativesRankingLoss):
    """The same loss, which keeps what it gave."""

    def __init__(self, model: SentenceTransformer) -> None:
        super().__init__(model)
        self.values: list[float] = []

    def forward(self, *arguments: object, **options: object) -> Tensor:
        value = super().forward(*arguments, **options)
        self.values.append(float(value.detach()))
        return value


class Clock(TrainerCallback):
    """From the first step's beginning to the last one's end."""

    def on_train_begin(self, *_: object, **__: object) -> None:
        self.started = time.perf_counter()

    def on_step_end(self, *_: object, **__: object) -> None:
        self.seconds = time.perf_counter() - self.started


def in_order(dataset: Dataset, batch_size: int, drop_last: bool, **_: object) -> DefaultBatchSampler:
    return DefaultBatchSampler(SequentialSampler(dataset), batch_size=batch_size, drop_last=drop_last)


def run(args: argparse.Namespace, dataset: Dataset) -> dict[str, object]:
    model = opened(args.checkpoint, max_tokens=args.max_tokens)
    loss, clock = Noted(model), Clock()
    with tempfile.TemporaryDirectory() as folder:
        settings = SentenceTransformerTrainingArguments(
            output_dir=folder,
            max_steps=args.steps,
            per_device_train_batch_size=args.batch,
            learning_rate=LEARNING_RATE,
            lr_scheduler_type="constant",
            batch_sampler=in_order,
            save_strategy="no",
            logging_strategy="no",
            report_to="none",
            disable_tqdm=True,
            use_cpu=True,
        )
        trainer = SentenceTransformerTrainer(
            model=model, args=settings, train_dataset=dataset, loss=loss, callbacks=[clock]
        )
        trainer.remove_callback(PrinterCallback)  # it prints what would be taken for an answer
        trainer.train()
    return {"seconds": clock.seconds, "losses": loss.values}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("pairs", type=Path)
    parser.add_argument("checkpoint")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--max-tokens", type=int, default=256)
    args = parser.parse_args()
    logging.set_verbosity_error()
    pairs = json.loads(args.pairs.read_text(encoding="utf-8"))
    dataset = Dataset.from_dict({"query": [pair[0] for pair in pairs], "article": [pair[1] for pair in pairs]})
    serve(["sentence-transformers", "torch", "transformers", "accelerate"], lambda _: run(args, dataset))


if __name__ == "__main__":
    main()
