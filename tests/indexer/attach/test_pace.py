"""A bound on documents a second, by a clock of the test's own."""

from hypothesis import given
from hypothesis import strategies as st

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


@given(st.floats(0.5, 50), st.lists(st.floats(0, 3), min_size=2, max_size=60))
def test_no_stretch_of_time_has_more_than_its_share_and_one(rate: float, rests: list[float]) -> None:
    """Whatever is done between two documents, n of them take at least n - 1 times the span of one."""
    clock = Clock()
    pace, passed = Pace(rate, clock=lambda: clock.now, sleep=clock.sleep), list[float]()
    for rest in rests:
        clock.sleep(rest)
        pace.wait()
        passed.append(clock.now)
    for first, begun in enumerate(passed):
        for number, ended in enumerate(passed[first:]):
            assert ended - begun >= number / rate - 1e-6
