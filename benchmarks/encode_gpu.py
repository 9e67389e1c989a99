"""The same on an NVIDIA GPU: the session is really there, fp16 agrees with fp32, articles a second beside the peer.

    python benchmarks/encode_gpu.py --home HOME --data $BIOCPT_DATA --peer-python /path/to/venv/bin/python --texts 20000

Needs `pip install 'biocpt-search[gpu]'` and fp16 (`biocpt models quantize minilm --precision fp16`). Without a GPU it
stops with one line. Writes benchmarks/results/encode_gpu.json. Expected: mean cosine of fp16 at least .9999.
"""

import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from encode import System, arguments, in_turn, ours, passages, peer, report, save

from onnx_models import ModelError, RunOptions, find_set

CUDA = "CUDAExecutionProvider"
PRECISIONS = ("fp32", "fp16")
MIN_COSINE = 0.9999


def main() -> int:
    args = arguments("Abstracts encoded a second on a GPU, ours beside sentence-transformers.")
    models = find_set(args.home, "minilm")
    texts = passages(Path(args.data), args.texts)
    try:
        systems = [
            ours(f"ours {precision}", models, RunOptions(precision=precision, provider="cuda"), texts)
            for precision in PRECISIONS
        ]
    except ModelError as error:
        print(error, file=sys.stderr)
        return 1
    for system in systems:
        if CUDA not in system.note:
            raise SystemExit(f"{system.name} runs with {system.note}, not on the GPU")
    checkpoint = models.folder / "source" / models.article.folder.name
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        if args.peer_python:
            command = [args.peer_python, str(checkpoint), "--dtype", "float16", "--device", "cuda"]
            peers: list[System] = [
                stack.enter_context(peer("sentence-transformers fp16", command, texts, scratch / "fp16.npy"))
            ]
            systems += peers
        seconds = in_turn(systems, args.rounds)
        rows = report(systems, seconds, len(texts))
    save("encode_gpu", rows, len(texts))
    cosine = float(str(rows["ours fp16"]["mean_cosine"]))
    if cosine < MIN_COSINE:
        print(f"MISSED: fp16 has mean cosine {cosine}, the bar is {MIN_COSINE}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
