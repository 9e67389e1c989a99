"""sentence-transformers behind FastAPI and uvicorn, as one writes it on a quiet afternoon; driven by model_server.py.

    python model_server.py ENCODER CROSS_ENCODER [--max-tokens 256]

The line on stdin is answered with the port. One request is computed at a time, with all cores: torch is faster so than
with a request a thread.
"""

import argparse
import socket
import threading

import torch
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel
from sentence_transformers import CrossEncoder, SentenceTransformer
from serving import serve


class Embeddings(BaseModel):
    """What OpenAI's clients send."""

    input: list[str]


class Rerank(BaseModel):
    """What TEI's clients send."""

    query: str
    texts: list[str]


def app(encoder: SentenceTransformer, reranker: CrossEncoder) -> FastAPI:
    made, alone = FastAPI(), threading.Lock()

    @made.post("/v1/embeddings")
    def embeddings(body: Embeddings) -> dict[str, object]:
        with alone:
            vectors = encoder.encode(body.input, normalize_embeddings=True, show_progress_bar=False)
        rows = [{"object": "embedding", "index": index, "embedding": row} for index, row in enumerate(vectors.tolist())]
        return {"object": "list", "data": rows}

    @made.post("/rerank")
    def rerank(body: Rerank) -> list[dict[str, float]]:
        pairs = [(body.query, text) for text in body.texts]
        with alone:
            scores = reranker.predict(pairs, activation_fn=torch.nn.Identity(), show_progress_bar=False)
        return [{"index": index, "score": score} for index, score in enumerate(scores.tolist())]

    return made


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("encoder")
    parser.add_argument("cross_encoder")
    parser.add_argument("--max-tokens", type=int, default=256)
    args = parser.parse_args()
    encoder = SentenceTransformer(args.encoder, device="cpu")
    encoder.max_seq_length = args.max_tokens
    reranker = CrossEncoder(args.cross_encoder, max_length=args.max_tokens, device="cpu")
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app(encoder, reranker), log_level="warning", access_log=False))
    threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True).start()
    port = listener.getsockname()[1]
    serve(["sentence-transformers", "torch", "fastapi", "uvicorn"], lambda _: {"port": port})


if __name__ == "__main__":
    main()
