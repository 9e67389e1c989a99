"""Hypothesis and hand-made lines: whose turn it is, and who shares a batch."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from onnx_models.tokenizer import Tokens
from search.service.waiting import Job, Pick, WaitingLine

BUDGET = 64

lengths = st.lists(st.integers(1, 100), min_size=1, max_size=12)


def a_job(*texts: int) -> Job:
    """A request whose texts have so many tokens each."""
    job = Job(0)
    job.fill([Tokens([7] * length, [0] * length) for length in texts], None)
    return job


def length(pick: Pick) -> int:
    return len(pick.job.tokens[pick.row].ids)


def drained(line: WaitingLine) -> list[list[Pick]]:
    batches = []
    while batch := line.take():
        batches.append(batch)
    return batches


@given(st.lists(lengths, max_size=10))
def test_every_text_is_taken_once_and_no_batch_exceeds_the_budget(requests: list[list[int]]) -> None:
    line, jobs = WaitingLine(BUDGET), [a_job(*texts) for texts in requests]
    for job in jobs:
        line.add(job)
    batches = drained(line)
    taken = Counter((id(pick.job), pick.row) for batch in batches for pick in batch)
    assert taken == Counter((id(job), row) for job in jobs for row in range(len(job.tokens)))
    for batch in batches:
        assert len(batch) == 1 or len(batch) * max(map(length, batch)) <= BUDGET
    assert (len(line), [job.rows for job in jobs]) == (0, [[]] * len(jobs))


@given(st.lists(lengths, max_size=10))
def test_a_text_joins_a_batch_only_where_that_adds_little_padding(requests: list[list[int]]) -> None:
    """Each joins for at most an eighth of the budget, so n texts waste at most n - 1 times that."""
    line = WaitingLine(BUDGET)
    for texts in requests:
        line.add(a_job(*texts))
    for batch in drained(line):
        padding = sum(max(map(length, batch)) - length(pick) for pick in batch)
        assert padding <= (len(batch) - 1) * BUDGET // 8


def test_texts_of_several_requests_share_a_batch() -> None:
    line, jobs = WaitingLine(BUDGET), [a_job(8) for _ in range(8)]
    for job in jobs:
        line.add(job)
    (batch,) = drained(line)
    assert {id(pick.job) for pick in batch} == {id(job) for job in jobs}


def test_a_short_text_is_not_padded_to_a_long_one() -> None:
    line = WaitingLine(BUDGET)
    line.add(a_job(32, 4, 4, 4))
    assert [sorted(map(length, batch)) for batch in drained(line)] == [[32], [4, 4, 4]]


def test_a_short_request_passes_a_long_one_that_came_before() -> None:
    line, long, short = WaitingLine(BUDGET), a_job(*[60] * 50), a_job(5)
    line.add(long)
    line.take()
    line.add(short)
    assert [pick.job for pick in line.take()] == [short]


def test_requests_of_one_size_keep_the_order_in_which_they_came() -> None:
    line, jobs = WaitingLine(BUDGET), [a_job(60, 60) for _ in range(20)]
    for job in jobs:
        line.add(job)
    order = [pick.job for batch in drained(line) for pick in batch]
    assert [id(job) for job in order] == [id(job) for job in jobs for _ in range(2)]


def test_a_stream_of_short_requests_does_not_starve_a_long_one() -> None:
    """Of each batch's 60 tokens the clock counts half while two wait, so after 100 batches it is due, and needs 50."""
    line, long = WaitingLine(BUDGET), a_job(*[60] * 50)
    line.add(long)
    batches = 0
    while long.rows:
        line.add(a_job(60))
        line.take()
        batches += 1
        assert batches <= 150


def test_what_was_given_up_is_not_taken() -> None:
    line, kept, given_up = WaitingLine(BUDGET), a_job(40), a_job(40, 40)
    line.add(given_up)
    line.add(kept)
    line.discard(given_up)
    line.discard(given_up)
    assert (len(line), given_up.left) == (1, 0)
    assert [[pick.job for pick in batch] for batch in drained(line)] == [[kept]]


@given(st.lists(st.tuples(st.sampled_from(["add", "take", "discard"]), st.integers(1, 90)), max_size=300))
def test_the_line_counts_the_requests_that_wait(steps: list[tuple[str, int]]) -> None:
    line, jobs = WaitingLine(BUDGET), []
    for step, number in steps:
        if step == "add":
            jobs.append(a_job(*[number] * (number % 4 + 1)))
            line.add(jobs[-1])
        elif step == "take":
            line.take()
        elif jobs:
            line.discard(jobs[number % len(jobs)])
        assert len(line) == sum(bool(job.rows) for job in jobs)


def test_requests_that_were_given_up_leave_nothing_behind() -> None:
    line = WaitingLine(BUDGET)
    for _ in range(10_000):
        job = a_job(3)
        line.add(job)
        line.discard(job)
    assert len(line._heap) < 1000
