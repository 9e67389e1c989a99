"""Another tool that re-ranks by a cross-encoder, driven by benchmarks/rerank.py: a pass for each line on stdin.

    python rerank.py TOOL PAIRS.json MODEL OUT.npy [--max-tokens 256]

PAIRS.json holds `query` and `passages`. MODEL is a checkpoint for sentence-transformers, and optimum's export of it for
the others. The raw logits of each pass are written to OUT.npy, after its time was taken.
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
from serving import serve, timed

Score = Callable[[str, list[str]], "np.ndarray"]


def sentence_transformers(args: argparse.Namespace) -> Score:
    import torch
    from sentence_transformers import CrossEncoder

    model = CrossEncoder(args.model, max_length=args.max_tokens, device="cpu")

    def score(query: str, passages: list[str]) -> np.ndarray:
        pairs = [(query, passage) for passage in passages]
        return model.predict(pairs, activation_fn=torch.nn.Identity(), show_progress_bar=False)

    return score


def optimum(args: argparse.Namespace) -> Score:
    """As its documentation has it, in batches of 32 like the others, the longest passages first as they do."""
    from optimum.onnxruntime import ORTModelForSequenceClassification
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(args.model)
    model = ORTModelForSequenceClassification.from_pretrained(args.model)
    cut = {"padding": True, "truncation": True, "max_length": args.max_tokens, "return_tensors": "np"}

    def score(query: str, passages: list[str]) -> np.ndarray:
        order = sorted(range(len(passages)), key=lambda place: -len(passages[place]))
        scores = np.empty(len(passages), dtype=np.float32)
        for start in range(0, len(passages), 32):
            places = order[start : start + 32]
            read = tokenizer([query] * len(places), [passages[place] for place in places], **cut)
            scores[places] = model(**read).logits[:, 0]
        return scores

    return score


def fastembed(args: argparse.Namespace) -> Score:
    from fastembed.common.model_description import ModelSource
    from fastembed.rerank.cross_encoder import TextCrossEncoder

    TextCrossEncoder.add_custom_model(
        model="measured", sources=ModelSource(hf="nobody/nothing"), model_file="model.onnx"
    )
    model = TextCrossEncoder("measured", specific_model_path=args.model, local_files_only=True)
    return lambda query, passages: np.fromiter(model.rerank(query, passages, batch_size=32), dtype=np.float32)


TOOLS = {
    "sentence-transformers": (sentence_transformers, ["sentence-transformers", "torch", "transformers"]),
    "optimum": (optimum, ["optimum", "optimum-onnx", "onnxruntime", "transformers"]),
    "fastembed": (fastembed, ["fastembed", "onnxruntime"]),
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("tool", choices=TOOLS)
    parser.add_argument("pairs", type=Path)
    parser.add_argument("model")
    parser.add_argument("out", type=Path)
    parser.add_argument("--max-tokens", type=int, default=256)
    args = parser.parse_args()
    opener, packages = TOOLS[args.tool]
    score = opener(args)
    pairs = json.loads(args.pairs.read_text(encoding="utf-8"))
    score(pairs["query"], pairs["passages"][:8])

    def answer(_: object) -> dict[str, object]:
        seconds, scores = timed(lambda: score(pairs["query"], pairs["passages"]))
        np.save(args.out, np.asarray(scores, dtype=np.float32))
        return {"seconds": seconds}

    serve(packages, answer)


if __name__ == "__main__":
    main()
