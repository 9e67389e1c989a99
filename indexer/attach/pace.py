"""How many documents a second are written, so that the people who search the index do not notice."""

import time
from collections.abc import Callable


class Pace:
    """A bound on a rate; `wait` sleeps as long as it takes."""

    def __init__(
        self,
        per_second: float | None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`per_second`: None for as fast as it goes."""
        self._per_second, self._clock, self._sleep = per_second, clock, sleep
        self._due = clock()

    def wait(self) -> None:
        """Until one more may be written. What was not used before is not made up for by a burst."""
        if self._per_second is None:
            return
        now = self._clock()
        if self._due > now:
            self._sleep(self._due - now)
        self._due = max(self._due, now) + 1 / self._per_second
