"""A way to a node that is cut again and again, in the middle of requests and of answers: bytes in, fewer bytes out."""

import random
import select
import socket
import socketserver
import struct
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from tests.opensearch.server import Server

Way = Literal["requests", "answers"]


@dataclass
class CutWay:
    """Every connection is cut after some bytes one way or the other, until `is_calm`."""

    url: str
    is_calm: bool = False
    cuts: Counter[Way] = field(default_factory=Counter)
    """How many connections were cut in the middle, by what was on its way."""


@contextmanager
def cutting(node: Server, *, seed: int, most: int) -> Iterator[CutWay]:
    """Until the end of the block; `most`: bytes that a connection lives to carry one way, at most."""
    moments, target = random.Random(seed), urlsplit(node.url)

    class Line(_Line):
        address = (str(target.hostname), int(target.port or 0))
        way = CutWay("")

        def setup(self) -> None:
            self.cut: tuple[Way, int] = moments.choice(("requests", "answers")), moments.randint(1, most)

    with _Listener(("127.0.0.1", 0), Line) as listener:
        Line.way = way = CutWay(f"http://127.0.0.1:{listener.server_address[1]}")
        thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield way
        listener.shutdown()
        thread.join()


class _Listener(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def shutdown_request(self, request: object) -> None:
        """Each line closes both of its ends."""


class _Line(socketserver.BaseRequestHandler):
    """One connection, and the one to the node that belongs to it."""

    address: tuple[str, int]
    way: CutWay
    cut: tuple[Way, int]

    def handle(self) -> None:
        ours: socket.socket = self.request
        with ours, suppress(OSError), socket.create_connection(self.address) as theirs:
            self._carry(ours, theirs)

    def _carry(self, ours: socket.socket, theirs: socket.socket) -> None:
        carried: Counter[Way] = Counter()
        ways: dict[socket.socket, tuple[Way, socket.socket]] = {ours: ("requests", theirs), theirs: ("answers", ours)}
        cut_way, after = self.cut
        while True:
            for source in select.select([ours, theirs], [], [])[0]:
                way, sink = ways[source]
                found = source.recv(65_536)
                if not found:
                    return
                carried[way] += len(found)
                is_over = way == cut_way and carried[way] > after and not self.way.is_calm
                sink.sendall(found[: len(found) - (carried[way] - after)] if is_over else found)
                if is_over:
                    self.way.cuts[way] += 1
                    _reset(ours, theirs)
                    return


def _reset(*ends: socket.socket) -> None:
    """Have them closed as by a machine that lost its memory: no goodbye, what is under way is dropped."""
    for end in ends:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
