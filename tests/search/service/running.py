"""A model server on a free port of 127.0.0.1, in a thread, as the URL that real clients are pointed at."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from search.service.limits import Limits
from tests.search.service.serving import in_thread


@contextmanager
def server(home: Path, *sets: str, limits: Limits | None = None, keys: Collection[str] = ()) -> Iterator[str]:
    """Its URL, until the block ends."""
    with in_thread(home, *sets, limits=limits, keys=keys) as running:
        host, port = running.address
        yield f"http://{host}:{port}"
