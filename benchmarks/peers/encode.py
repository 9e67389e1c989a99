"""Another tool that encodes texts, driven by benchmarks/encode.py: a pass for each line on stdin.

    python encode.py TOOL TEXTS.json MODEL OUT.npy [--dtype float32] [--device cpu] [--max-tokens 256]

TEXTS.json is a list of strings. MODEL is a checkpoint for sentence-transformers, and what `onnx_folders.py` makes of it
for optimum and fastembed. The vectors of each pass are written to OUT.npy, after its time was taken.
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
from serving import serve, timed

Encode = Callable[[list[str]], "np.ndarray"]


def sentence_transformers(args: argparse.Namespace) -> Encode:
    from mean_pooling import opened

    model = opened(args.model, max_tokens=args.max_tokens, dtype=args.dtype, device=args.device)
    return lambda texts: model.encode(texts, normalize_embeddings=True, show_progress_bar=False)


def optimum(args: argparse.Namespace) -> Encode:
    """As its documentation has it, in batches of 32 like the others, the longest texts first as they do."""
    from optimum.onnxruntime import ORTModelForFeatureExtraction
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(args.model)
    model = ORTModelForFeatureExtraction.from_pretrained(args.model)

    def encode(texts: list[str]) -> np.ndarray:
        order = sorted(range(len(texts)), key=lambda place: -len(texts[place]))
        rows = np.empty((len(texts), model.config.hidden_size), dtype=np.float32)
        for start in range(0, len(texts), 32):
            places = order[start : start + 32]
            batch = [texts[place] for place in places]
            read = tokenizer(batch, padding=True, truncation=True, max_length=args.max_tokens, return_tensors="np")
            states, mask = model(**read).last_hidden_state, read["attention_mask"][:, :, None]
            means = (states * mask).sum(axis=1) / mask.sum(axis=1)
            rows[places] = means / np.linalg.norm(means, axis=1, keepdims=True)
        return rows

    return encode


def fastembed(args: argparse.Namespace) -> Encode:
    from fastembed import TextEmbedding
    from fastembed.common.model_description import ModelSource, PoolingType

    dimension = json.loads((Path(args.model) / "config.json").read_text(encoding="utf-8"))["hidden_size"]
    TextEmbedding.add_custom_model(
        model="measured",
        pooling=PoolingType.MEAN,
        normalization=True,
        sources=ModelSource(hf="nobody/nothing"),
        dim=dimension,
        model_file="model.onnx",
    )
    model = TextEmbedding("measured", specific_model_path=args.model, local_files_only=True)

    def encode(texts: list[str]) -> np.ndarray:
        return np.stack(list(model.embed(texts, batch_size=32)))

    return encode


TOOLS = {
    "sentence-transformers": (sentence_transformers, ["sentence-transformers", "torch", "transformers"]),
    "optimum": (optimum, ["optimum", "optimum-onnx", "onnxruntime", "transformers"]),
    "fastembed": (fastembed, ["fastembed", "onnxruntime"]),
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("tool", choices=TOOLS)
    parser.add_argument("texts", type=Path)
    parser.add_argument("model")
    parser.add_argument("out", type=Path)
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--max-tokens", type=int, default=256)
    args = parser.parse_args()
    opener, packages = TOOLS[args.tool]
    encode = opener(args)
    texts = json.loads(args.texts.read_text(encoding="utf-8"))
    encode(texts[:8])

    def answer(_: object) -> dict[str, object]:
        seconds, vectors = timed(lambda: encode(texts))
        np.save(args.out, np.asarray(vectors, dtype=np.float32))
        return {"seconds": seconds}

    serve(packages, answer)


if __name__ == "__main__":
    main()
