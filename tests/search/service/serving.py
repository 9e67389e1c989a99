"""`biocpt serve` as its users meet it: the real server on a free port, in a thread or as a process of its own."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from onnx_models import RunOptions
from onnx_models.runtime import TokenBatch
from search.service.inference import Inference
from search.service.limits import Limits
from search.service.opening import open_inference
from search.service.server import ModelServer, bind

PATIENCE = 120.0
"""Seconds within which anything has to have happened: far more than it takes anywhere."""


def until(happened: Callable[[], bool], what: str) -> None:
    """Wait for it, and fail if it does not happen."""
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline, f"within {PATIENCE:.0f} s there was not {what}"
        time.sleep(0.01)


class Gate:
    """Put before a model's runs: nothing runs until it is opened, and it counts what does."""

    def __init__(self, inference: Inference, name: str) -> None:
        (lane,) = [lane for lane in inference.lanes if lane.served.name == name]
        self._run = lane.batcher._run
        self.open = threading.Event()
        self.rows = 0
        lane.batcher._run = self

    def __call__(self, batch: TokenBatch, companions: Sequence[object]) -> NDArray[Any]:
        self.rows += len(companions)
        assert self.open.wait(PATIENCE)
        return self._run(batch, companions)


@dataclass(frozen=True)
class Threaded:
    """A server in a thread of this process."""

    server: ModelServer
    address: tuple[str, int]
    inference: Inference

    @property
    def connections(self) -> list[Any]:
        """uvicorn's own, as they are now."""
        return list(self.server._server.server_state.connections)


@contextmanager
def in_thread(
    home: Path, *sets: str, limits: Limits | None = None, keys: Collection[str] = (), send_buffer: int | None = None
) -> Iterator[Threaded]:
    """A server until the block ends; `send_buffer`: bytes that the system holds for a client that does not read."""
    inference = open_inference(
        home, sets, rerank="auto", run=RunOptions(threads=1), limits=limits if limits is not None else Limits()
    )
    with closing(inference), closing(bind("127.0.0.1", 0)) as listener:
        if send_buffer is not None:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)
        server, is_ready = ModelServer(inference, keys, listener), threading.Event()
        thread = threading.Thread(target=server.run, args=(is_ready.set,))
        address = listener.getsockname()[:2]
        thread.start()
        try:
            assert is_ready.wait(PATIENCE)
            yield Threaded(server, address, inference)
        finally:
            server.stop()
            thread.join(PATIENCE)
            assert not thread.is_alive()


@dataclass
class Process:
    """`biocpt serve` in a process of its own."""

    process: "subprocess.Popen[str]"
    address: tuple[str, int] = ("", 0)
    lines: list[str] = field(default_factory=list)
    """What it has said on stderr so far."""

    def tell(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def ended(self) -> int:
        """Wait for its end: the exit code."""
        return self.process.wait(PATIENCE)

    @property
    def resident(self) -> int:
        """Bytes of memory that it holds, from Linux's own account."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert found is not None
        return int(found[1]) * 1024


@contextmanager
def as_process(home: Path, *arguments: str, keys: str = "") -> Iterator[Process]:
    """`biocpt serve ARGUMENTS` on a free port until the block ends, or it does."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("BIOCPT_")}
    clean |= {"XDG_CONFIG_HOME": os.devnull, "BIOCPT_HOME": str(home), "BIOCPT_SERVE_KEYS": keys}
    command = [sys.executable, "-c", "from search.cli import main; main()", "serve", "--port", "0", *arguments]
    process = subprocess.Popen(command, env=clean, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    server = Process(process)
    listening = threading.Thread(target=_listen, args=(server,), daemon=True)
    listening.start()
    try:
        until(lambda: server.address[1] > 0 or process.poll() is not None, "a server")
        assert process.poll() is None, server.lines
        yield server
    finally:
        process.kill()
        process.wait(PATIENCE)
        listening.join(PATIENCE)
        assert process.stderr is not None
        process.stderr.close()


def _listen(server: Process) -> None:
    assert server.process.stderr is not None
    for line in server.process.stderr:
        server.lines.append(line.rstrip("\n"))
        if found := re.search(r" at http://([\d.]+):(\d+);", line):
            server.address = (found[1], int(found[2]))
