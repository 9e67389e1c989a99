"""What each peer's script says and hears: versions first, then one JSON answer a line of stdin."""

import importlib.metadata
import json
import sys
import time
from collections.abc import Callable


def serve(packages: list[str], answer: Callable[[object], dict[str, object]]) -> None:
    """Answer until stdin ends. Open and warm up everything before."""
    versions = {name: importlib.metadata.version(name) for name in packages}
    print(json.dumps({"versions": versions}), flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)


def timed(work: Callable[[], object]) -> tuple[float, object]:
    """(seconds, what it gave)."""
    started = time.perf_counter()
    given = work()
    return time.perf_counter() - started, given
