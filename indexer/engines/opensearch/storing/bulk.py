"""Bulk requests: the two lines of each action, and what the cluster's answer says came of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeVar

import orjson

from indexer.article import Record
from indexer.engines.opensearch.connecting.refusals import reason_of
from indexer.engines.opensearch.errors import UnreadableAnswer
from indexer.engines.protocol import Stored

HIGHEST_VERSION = (1 << 63) - 1
"""Of a document; one more would turn negative."""

ANSWER = ",".join(("errors", *(f"items.*.{name}" for name in ("status", "error"))))
"""`filter_path`: all that is read of an answer, in the order of the actions."""

PASSING = frozenset({408, 425, 429, 502, 503, 504})
"""Statuses of troubles that pass."""

_FOR_ALL = frozenset({401, 403, 404})
"""Statuses that say nothing of one document: no right to write, no index."""

_FOR_ALL_KINDS = frozenset({"index_closed_exception", "index_not_found_exception", "security_exception"})

Verdict = Literal["stored", "newer", "passing", "shaken", "refused", "blocked"]
"""`newer`: the cluster holds something else than the action went by. `passing`: to be sent again. `shaken`: the
server failed on it; perhaps on others too. `blocked`: nobody can write there."""


class Sendable(Protocol):
    """What a bulk request is made of: an `Action` on an index of ours, or a change of somebody's document."""

    @property
    def id(self) -> str:
        """Of the document."""

    @property
    def lines(self) -> bytes:
        """The action and the document, each with its line feed."""

    @property
    def is_guarded(self) -> bool:
        """Whether it is an update of exactly what was read."""


A = TypeVar("A", bound=Sendable)


@dataclass(frozen=True, slots=True)
class Action:
    """One write: what to send, and what is stored once it is done."""

    record: Record
    lines: bytes
    """The action and the document, each with its line feed."""
    stored: Stored
    version: int
    """Of the document, once it is done."""
    is_guarded: bool = False
    """An update of exactly what was read; an index action stands by its version."""

    @property
    def id(self) -> str:
        """Of the document."""
        return self.record.id


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one action."""

    verdict: Verdict
    status: int
    error: Mapping[str, Any] = field(default_factory=dict)
    """As the server said it."""

    @property
    def reason(self) -> str:
        """The server's words on one line."""
        return f"{reason_of(self.error)} ({self.status})"


def index_lines(id: str, document: bytes, *, version: int) -> bytes:
    """Put a document in the place of any that is not newer than `version`."""
    head = b'{"index":{"_id":%b,"version":%d,"version_type":"external_gte"}}\n' % (orjson.dumps(id), version)
    return b"%b%b\n" % (head, document)


def update_lines(id: str, script: bytes, *, seq_no: int, primary_term: int) -> bytes:
    """Run a script on the document, if it is still the one that was read."""
    head = b'{"update":{"_id":%b,"if_seq_no":%d,"if_primary_term":%d}}\n' % (orjson.dumps(id), seq_no, primary_term)
    return b"%b%b\n" % (head, script)


def body(actions: Sequence[Sendable]) -> bytes:
    """The body of one request."""
    return b"".join([action.lines for action in actions])


def results(answer: Any, actions: Sequence[A]) -> Iterator[tuple[A, Result]]:
    """Each action with what came of it.

    Raises: UnreadableAnswer, for one that is not of these actions.
    """
    items = answer.get("items") if isinstance(answer, dict) else None
    if not isinstance(items, list) or len(items) != len(actions):
        raise UnreadableAnswer(doing=f"store {len(actions)} documents", answer=answer)
    for action, item in zip(actions, items, strict=True):
        yield action, _result(next(iter(item.values())))


def _result(item: Mapping[str, Any]) -> Result:
    status, error = item["status"], item.get("error") or {}
    return Result("stored" if status < 300 else _verdict(status, error.get("type", "")), status, error)


def _verdict(status: int, kind: str) -> Verdict:
    if status == 409 or kind == "document_missing_exception":
        return "newer"
    if is_for_all(status, kind):
        return "blocked"
    if status in PASSING:
        return "passing"
    return "shaken" if status >= 500 else "refused"


def is_for_all(status: int, kind: str) -> bool:
    """Whether an error is not about one document, and stays until somebody does something about it."""
    if kind == "cluster_block_exception":
        return status not in PASSING or status == 429  # 429 is the full disk; a cluster that starts says 503
    return status in _FOR_ALL or kind in _FOR_ALL_KINDS
