"""sentence-transformers, driven by benchmarks/encode.py: one run for each line on stdin, its seconds on stdout.

    python encode.py TEXTS.json CHECKPOINT OUT.npy --dtype float32 --device cpu --max-tokens 256

TEXTS.json is a list of strings. The vectors of the last run are written to OUT.npy when stdin ends.
"""

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.models import Normalize, Pooling, Transformer


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("texts", type=Path)
    parser.add_argument("checkpoint")
    parser.add_argument("out", type=Path)
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--max-tokens", type=int, default=256)
    args = parser.parse_args()
    texts = json.loads(args.texts.read_text(encoding="utf-8"))
    body = Transformer(args.checkpoint, model_args={"torch_dtype": getattr(torch, args.dtype)})
    # What all-MiniLM-L6-v2's own modules.json names; the checkpoint that we keep has no folder for the pooling.
    pooling = Pooling(body.get_word_embedding_dimension(), "mean")
    model = SentenceTransformer(modules=[body, pooling, Normalize()], device=args.device)
    model.max_seq_length = args.max_tokens
    model.encode(texts[:8])
    print("ready", flush=True)
    vectors = None
    for _ in sys.stdin:
        started = time.perf_counter()
        vectors = model.encode(texts, normalize_embeddings=True, show_progress_bar=False)
        print(time.perf_counter() - started, flush=True)
    np.save(args.out, np.asarray(vectors, dtype=np.float32))


if __name__ == "__main__":
    main()
