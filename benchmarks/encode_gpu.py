"""The same on an NVIDIA GPU: the session is really there, fp16 agrees with fp32, articles a second beside the peer.

    python benchmarks/encode_gpu.py --texts 20000

Needs `pip install 'biocpt-search[gpu]'` and fp16 (`biocpt models quantize minilm --precision fp16`). Without a GPU it
says so in one line.
"""

import argparse
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import commandline, environments, folders
from benchmarks.encode import PEER, Line, found, passages
from benchmarks.environments import NotRun
from benchmarks.report import Report
from benchmarks.timing import in_turn
from onnx_models import RunOptions

CUDA = "CUDAExecutionProvider"
PRECISIONS = ("fp32", "fp16")
BARS = (("ours fp32", PEER, None), ("ours fp16", PEER, None))
MIN_COSINES = {"ours fp16": 0.9999}


def measure(options: argparse.Namespace) -> Report:
    texts = passages(commandline.data(options, "pool"), 500 if options.quick else options.texts)
    models = folders.minilm(options.home)
    checkpoint = folders.checkpoint(models)
    with ExitStack() as stack:
        line = Line(texts, stack, Path(stack.enter_context(tempfile.TemporaryDirectory())), {}, {}, {})
        for precision in PRECISIONS:
            line.add_ours(f"ours {precision}", models, RunOptions(precision=precision, provider="cuda"))
        for name, why in line.not_run.items():
            raise NotRun(f"{name}: {why}")
        for name, system in line.systems.items():
            if CUDA not in system.note:
                raise NotRun(f"{name} runs with {system.note}, not on a GPU")
        command = ("--dtype", "float16", "--device", "cuda")
        line.add_peer(PEER, lambda: (environments.python(PEER, options.peers), PEER, checkpoint, *command))
        seconds = in_turn({name: system.run for name, system in line.systems.items()}, options.rounds)
        work = {"texts": len(texts), "rounds": options.rounds, "the peer's precision": "fp16"}
        return found("encode_gpu", line, seconds, BARS, MIN_COSINES, work)


def main() -> int:
    asked = commandline.parser(__doc__, rounds=5)
    asked.add_argument("--texts", type=int, default=20_000)
    return commandline.run("encode_gpu", asked, measure)


if __name__ == "__main__":
    sys.exit(main())
