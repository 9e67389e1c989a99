"""Who may wait: requests are taken up to a bound in seconds and tokens of work, and refused at once beyond it."""

import math
from collections.abc import Iterator
from contextlib import contextmanager

from search.service.batching import Batcher
from search.service.errors import Overloaded, ServiceError, Stopping
from search.service.limits import Limits
from search.service.waiting import Job

_LONGEST_RETRY = 60
"""Seconds: clients give up on, or do not heed, a Retry-After beyond a minute."""

_SMALLEST = 16
"""Tokens of a short query."""


class Admission:
    """Keeps count of all work that was taken and not done. For one event loop."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._jobs: dict[Job, Batcher] = {}
        self.is_closed = False
        self.refused = 0
        """Requests that were not taken."""

    @property
    def requests(self) -> int:
        """How many requests are being worked on or wait."""
        return len(self._jobs)

    @property
    def waiting_tokens(self) -> int:
        """How many tokens have been taken and not computed yet."""
        return sum(job.left for job in self._jobs)

    @contextmanager
    def taken(self, batcher: Batcher, tokens: int) -> Iterator[Job]:
        """A request of about so many tokens, from now to the end of the block.

        Raises:
            Overloaded: too much waits.
            Stopping: the server takes no more work.
        """
        if (refusal := self.refusal(batcher, tokens)) is not None:
            self.refused += 1
            raise refusal
        job = Job(tokens)
        self._jobs[job] = batcher
        try:
            yield job
        finally:
            del self._jobs[job]

    def refusal(self, batcher: Batcher, tokens: int = _SMALLEST) -> ServiceError | None:
        """Why a request of about so many tokens is not taken now; None if it is.

        It would begin too late, or make too much wait, or the server takes no more work.
        """
        if self.is_closed:
            return Stopping()
        late = self._seconds_ahead(batcher, tokens) - self._limits.waiting_seconds
        waiting = self.waiting_tokens
        over = waiting + tokens - self._limits.waiting_tokens if waiting else 0
        if late <= 0 and over <= 0:
            return None
        seconds = math.ceil(max(late, over * batcher.seconds_per_token))
        return Overloaded(retry_after=min(_LONGEST_RETRY, max(1, seconds)))

    def _seconds_ahead(self, batcher: Batcher, tokens: int) -> float:
        """The model's work that comes before a request of so many tokens.

        The line gives requests equal shares, so of a longer one only as much counts as of the new one.
        """
        ahead = sum(min(job.left, tokens) for job, other in self._jobs.items() if other is batcher)
        return ahead * batcher.seconds_per_token
