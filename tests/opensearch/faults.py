"""Loads that are disturbed while they run, and what has to hold after it."""

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

import pytest

from tests.disturbing import assert_same_index, contents, environment
from tests.opensearch.recipe import JAVAS
from tests.opensearch.server import Refusal, Server

PATIENCE = 400.0
"""Seconds that a disturbed load, or anything else that is waited for, may take."""

SLOWLY = ("--pause", "0.1")
"""For the driver: rest between two requests, so that there is time to disturb it."""
LOAD_SECONDS = 3.0
"""Less than the slowed driver loads the files, once it is up: a moment before that falls into the load for certain."""

ONCE_OR_TEN_TIMES = [
    pytest.param(1, marks=pytest.mark.slow),
    *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(100, 110)),
]
"""Seeds of a fault: one for `make test`, ten others for `make soak`."""
ONCE_OR_FIVE_TIMES = ONCE_OR_TEN_TIMES[:6]
"""The same for one that is tried on two servers."""
ONCE_OR_FIVE_TIMES_EACH = [
    pytest.param("3.6.0", 1, marks=pytest.mark.slow),
    *(pytest.param(version, seed, marks=pytest.mark.soak) for version in JAVAS for seed in range(100, 105)),
]
"""Versions and seeds: one server for `make test`, and for `make soak` each of the two, five times."""


class End(NamedTuple):
    """How a load ended."""

    code: int
    error: str
    """What it wrote on stderr, but for notices that it waited."""

    @property
    def line(self) -> str:
        """The one line that it says what ended it with."""
        (line,) = self.error.splitlines()
        return line


class Loading:
    """A load in a process of its own, under way: everything is imported, and the index is open."""

    def __init__(self, command: Sequence[str]) -> None:
        self._process = subprocess.Popen(
            command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        first = self._process.stdout.readline().strip()
        assert first == "loading", self._process.communicate()[1]

    def __enter__(self) -> "Loading":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._process.kill()
        self._process.communicate()

    def lasts(self, seconds: float) -> bool:
        """Wait for so long; whether it still runs then."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
        return self._process.poll() is None

    def end(self, patience: float = PATIENCE) -> End:
        """Wait for it, in seconds."""
        _, error = self._process.communicate(timeout=patience)
        return End(self._process.returncode, without_notices(error))


def without_notices(said: str) -> str:
    """The lines of stderr that do not tell that the cluster is waited for."""
    return "".join(line for line in said.splitlines(keepends=True) if not line.startswith("Waiting to "))


def until(happened: Callable[[], bool], patience: float = PATIENCE) -> float:
    """Wait until it happened; the seconds that it took."""
    began = time.monotonic()
    while not happened():
        assert time.monotonic() - began < patience, "waited for too long"
        time.sleep(0.05)
    return time.monotonic() - began


def stored(server: Server, index: str) -> int:
    """How many documents an index holds by now, shown or not; 0 where there is no such index."""
    try:
        server.ask("POST", f"/{index}/_refresh")
        return int(server.ask("GET", f"/{index}/_count")["count"])
    except Refusal as refusal:
        if refusal.status != 404:
            raise
        return 0


def assert_whole(server: Server, name: str, calm: Path, *, number: int = 1) -> None:
    """Nothing lost, nothing doubled: the index of a load that nobody disturbed, served as one is."""
    assert_same_index(f"{server.url}/{name}", calm)
    index = f"{name}-v{number}"
    assert list(server.ask("GET", f"/_alias/{name}")) == [index]
    settings = server.ask("GET", f"/{index}/_settings/index.*?flat_settings=true")[index]["settings"]
    assert "index.refresh_interval" not in settings
    assert (settings["index.number_of_replicas"], settings["index.auto_expand_replicas"]) != ("0", "false")
    server.ask("POST", f"/{index}/_refresh")
    assert server.ask("GET", f"/{index}/_count")["count"] == len(contents(calm)[1])
    kinds = server.ask("GET", f"/{index}-ledger/_search?size=1000&_source=kind")["hits"]["hits"]
    assert not {hit["_source"]["kind"] for hit in kinds} & {"share", "settings", "publishing"}


def documents(server: Server, index: str) -> dict[str, tuple[int, int]]:
    """Version and sequence number of each document, as the server says them: what changes with any write."""
    body = {"size": 10_000, "version": True, "seq_no_primary_term": True, "_source": False}
    hits = server.ask("POST", f"/{index}/_search", body)["hits"]["hits"]
    return {hit["_id"]: (hit["_version"], hit["_seq_no"]) for hit in hits}


def copy_command(source: Path | str, target: str) -> list[str]:
    """`biocpt copy`."""
    return [sys.executable, "-c", "from search.cli import main; main()", "copy", str(source), target]
