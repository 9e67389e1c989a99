"""Waiting for a cluster: who watches is told at once, and then now and then."""

import logging

import pytest

from indexer.engines.opensearch.errors import ClusterUnreachable, NoProgress
from indexer.engines.opensearch.storing.patience import Patience, patiently


def test_who_waits_says_so_at_once_and_then_every_half_minute(caplog: pytest.LogCaptureFixture) -> None:
    now = [0.0]

    def wait(_: float) -> None:
        now[0] += 10.0

    def fail() -> None:
        raise ClusterUnreachable(address="http://far:9200/pubmed", reason="Connection refused")

    patience = Patience(limit=100.0, clock=lambda: now[0])
    with caplog.at_level(logging.WARNING), pytest.raises(NoProgress, match="tried again for 100 s"):
        patiently(fail, doing="store documents", patience=patience, sleep=wait)
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 4  # after 0, 30, 60 and 90 s
    assert said[0] == (
        "Waiting to store documents: No node answers at 'http://far:9200/pubmed' (Connection refused). "
        "Tried again for up to 100 s without progress."
    )
    assert said[3].endswith("Tried again for up to 10 s without progress.")


def test_what_goes_well_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    assert patiently(lambda: 7, doing="count") == 7
    assert caplog.records == []
