"""The texts that wait for one model: whose turn it is, and which of them share a batch."""

import heapq
from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from onnx_models.tokenizer import Tokens

LOOK = 64
"""Requests whose texts are looked at to fill one batch."""

_SPARE = 8
"""A text joins a batch if that wastes at most an eighth of the budget as padding: another run would cost as much."""


class Job:
    """One request's texts, from its admission on; `left` is how many of its tokens have not been computed yet.

    Until the texts are read, `left` is an estimate.
    """

    __slots__ = ("companion", "due", "left", "number", "rows", "tokens")

    def __init__(self, estimate: int) -> None:
        self.left = estimate
        self.tokens: Sequence[Tokens] = ()
        self.companion: object = None
        """What goes with each row of it into a run: a late re-ranker's query."""
        self.rows: list[tuple[int, int]] = []
        """(tokens, place in the request) of each text that waits, the shortest first."""
        self.due = 0.0
        self.number = 0

    def fill(self, tokens: Sequence[Tokens], companion: object) -> None:
        """The texts are read: from now on their lengths are known."""
        self.tokens, self.companion = tokens, companion
        self.rows = sorted((len(text.ids), row) for row, text in enumerate(tokens))
        self.left = sum(length for length, _ in self.rows)

    def __lt__(self, other: "Job") -> bool:
        return (self.due, self.number) < (other.due, other.number)


class Pick(NamedTuple):
    """One text of a batch."""

    job: Job
    row: int


class WaitingLine:
    """Requests in the order in which they would finish if all that wait were worked on at once, in equal shares.

    So a short request passes a long one, requests of one size keep their order, and as the clock advances with each
    batch, what arrives later cannot hold up a long one for ever (the fair sojourn protocol; Friedman and Henderson,
    SIGMETRICS 2003). Not safe to share between threads.
    """

    def __init__(self, token_budget: int) -> None:
        self._budget = token_budget
        self._heap: list[Job] = []
        self._count = 0
        self._arrived = 0
        self._clock = 0.0

    def __len__(self) -> int:
        """How many requests have texts that wait."""
        return self._count

    def add(self, job: Job) -> None:
        """A job that was filled takes its place."""
        if not job.rows:
            return
        self._arrived += 1
        self._count += 1
        job.number, job.due = self._arrived, self._clock + job.left
        heapq.heappush(self._heap, job)

    def discard(self, job: Job) -> None:
        """Give up what waits of a job; nothing, if nothing does."""
        self._count -= bool(job.rows and job.number)
        job.left, job.rows = 0, []
        if len(self._heap) > 2 * self._count + LOOK:
            self._heap = [each for each in self._heap if each.rows]
            heapq.heapify(self._heap)

    def take(self) -> list[Pick]:
        """The next batch: texts of the request whose turn it is, and others of like length; empty if none waits."""
        batch = _Batch(self._budget)
        looked: list[Job] = []
        active = max(1, self._count)
        while self._heap and batch.has_room and len(looked) < LOOK:
            job = heapq.heappop(self._heap)
            if job.rows:
                looked.append(job)
                batch.take_from(job)
        for job in looked:
            if job.rows:
                heapq.heappush(self._heap, job)
            else:
                self._count -= 1
        self._clock += batch.tokens / active
        return batch.picks


class _Batch:
    """A batch that is being put together."""

    def __init__(self, budget: int) -> None:
        self._budget = budget
        self._spare = budget // _SPARE
        self._longest = 0
        self.tokens = 0
        self.picks: list[Pick] = []

    @property
    def has_room(self) -> bool:
        """Whether one more text as long as the longest would keep to the budget."""
        return (len(self.picks) + 1) * self._longest <= self._budget

    def take_from(self, job: Job) -> None:
        """All of a job's texts that fit, the longest first."""
        while job.rows and self.has_room:
            place = bisect_right(job.rows, self._most(), key=lambda waiting: waiting[0]) - 1
            if place < 0 or job.rows[place][0] < self._longest - self._spare:
                return
            length, row = job.rows.pop(place)
            self.tokens += length
            self._longest = max(self._longest, length)
            self.picks.append(Pick(job, row))

    def _most(self) -> float:
        """How long a text may be to join: the first as long as it likes, others so that little padding is added."""
        if not self.picks:
            return float("inf")
        return min(self._longest + self._spare // len(self.picks), self._budget // (len(self.picks) + 1))
