"""A bound on documents a second, by a clock of the test's own."""

from indexer.attach.pace import Pace


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 100.0

    def sleep(self, seconds: float) -> None:
        """Let it pass."""
        self.now += seconds


def test_no_more_than_the_bound_and_no_burst_after_a_rest() -> None:
    clock = Clock()
    pace = Pace(4.0, clock=lambda: clock.now, sleep=clock.sleep)
    for _ in range(9):
        pace.wait()
    assert clock.now == 102.0  # the first at once, then eight at a quarter of a second
    clock.sleep(10.0)
    for _ in range(5):
        pace.wait()
    assert clock.now == 113.0


def test_without_a_bound_nobody_waits() -> None:
    clock = Clock()
    pace = Pace(None, clock=lambda: clock.now, sleep=clock.sleep)
    for _ in range(1000):
        pace.wait()
    assert clock.now == 100.0
