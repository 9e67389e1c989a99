"""How long each stage of a search took."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from time import perf_counter


class Stopwatch:
    """Wall seconds by stage, summed where a stage comes again."""

    def __init__(self, seconds: Mapping[str, float] | None = None) -> None:
        self.seconds = dict(seconds or {})

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count the time of the block for `name`, also when it raises."""
        start = perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + perf_counter() - start

    def report(self) -> dict[str, float]:
        """The stages in the order they first ran, and their sum as `total`."""
        return {**self.seconds, "total": sum(self.seconds.values())}
