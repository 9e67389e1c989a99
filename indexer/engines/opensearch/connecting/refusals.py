"""Answers that are errors: the server's JSON, or a proxy's page, as one of ours."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from indexer.engines.location import without_secrets
from indexer.engines.opensearch.connecting.address import Address
from indexer.engines.opensearch.connecting.connection_errors import (
    DiskFull,
    IndexBlocked,
    MissingRight,
    NotLetIn,
    NotOpenSearch,
)
from indexer.engines.opensearch.connecting.node import Answer
from indexer.engines.opensearch.connecting.rights import advice
from indexer.engines.opensearch.contents.write_alias import written_through
from indexer.engines.opensearch.errors import ClosedInCluster, IndexGone, RequestRefused
from indexer.errors import IndexerError

_NO_RIGHT = re.compile(r"no permissions for \[(?P<rights>.*?)\](?: and User \[name=(?P<user>[^,\]]*)|$)")
_BLOCKS = frozenset({"cluster_block_exception", "index_create_block_exception"})
"""Kinds of errors; the second comes of full disks too, and is of its own name since OpenSearch 3."""
_OF_ONE_INDEX = {"index_not_found_exception": IndexGone, "index_closed_exception": ClosedInCluster}
"""Kinds of errors that name an index which cannot be used at all."""
_TITLE = re.compile(rb"<title[^>]*>\s*(.*?)\s*</title>", re.IGNORECASE | re.DOTALL)
_OF_PROXIES = frozenset({401, 403, 408, 413, 429, 499})
"""Statuses by which a proxy speaks for the cluster behind it, in words of its own."""


def refusal(answer: Answer, *, address: Address, who: str, doing: str) -> IndexerError:
    """The whole answer as an error of ours.

    Args:
        answer: of the node.
        address: of the index.
        who: asked, as a message names them: `user 'ann'`, `nobody`.
        doing: what was tried.
    """
    body = _decoded(answer)
    if body is None and answer.status < 500 and answer.status not in _OF_PROXIES:
        return NotOpenSearch(address=address, found=_described(answer))
    error = _error_in(body) if isinstance(body, Mapping) else None
    if not isinstance(error, Mapping):
        error = {"type": answer.media_type or "no JSON", "reason": error or _excerpt(answer.body)}
    return refusal_of(answer.status, error, address=address, who=who, doing=doing)


def refusal_of(status: int, error: Mapping[str, Any], *, address: Address, who: str, doing: str) -> RequestRefused:
    """The `error` object of an answer, or of one item of a bulk or msearch answer, as an error of ours."""
    root = _root(error)
    kind, reason = str(root.get("type") or error.get("type")), reason_of(error)
    if status == 401:
        return NotLetIn(address=address, who=who, doing=doing)
    if kind in _BLOCKS and status in (403, 429):
        is_full = "read-only / allow delete" in reason or "read-only-allow-delete" in reason
        blocked = DiskFull if is_full or "create-index blocked" in reason else IndexBlocked
        return blocked(address=address, status=status, reason=reason, doing=doing)
    if status == 403 or kind == "security_exception":  # items of an mget answer have no status of their own
        rights, user = missing_rights(reason)
        asked = f"user {user!r}" if user else who
        todo = advice(rights, address.alias)
        return MissingRight(address=address, reason=reason, kind=kind, doing=doing, who=asked, rights=rights, todo=todo)
    if (unusable := _OF_ONE_INDEX.get(kind)) and isinstance(name := root.get("index"), str):
        name = written_through(name)
        return unusable(address=address, name=name, status=status, kind=kind, reason=reason, doing=doing)
    return RequestRefused(address=address, status=status, kind=kind, reason=reason, doing=doing)


def reason_of(error: Mapping[str, Any]) -> str:
    """The server's words on one line, the innermost cause last."""
    words: list[str] = []
    for cause in (*_chain(_root(error)), *_chain(error.get("caused_by"))):
        said = str(cause.get("reason") or cause.get("type") or "no reason given").splitlines()[0][:500].rstrip(".")
        if not any(said in word for word in words):
            words.append(said)
    return ": ".join(words)


def missing_rights(reason: str) -> tuple[tuple[str, ...], str]:
    """The rights that the server's words say are missing, and the user's name; empty where they do not say."""
    found = _NO_RIGHT.search(reason)
    if found is None:
        return (), ""
    return tuple(right.strip() for right in found["rights"].split(",") if right.strip()), found["user"] or ""


def _error_in(body: Mapping[str, Any]) -> object:
    """The error of the whole; of what was asked of every shard, the first shard's."""
    if "error" in body:
        return body["error"]
    shards = body.get("_shards")
    failures = shards.get("failures") if isinstance(shards, Mapping) else None
    return failures[0].get("reason") if isinstance(failures, list) and failures else None


def _chain(cause: object) -> Iterator[Mapping[str, Any]]:
    while isinstance(cause, Mapping):
        yield cause
        cause = cause.get("caused_by")


def _root(error: Mapping[str, Any]) -> Mapping[str, Any]:
    causes = error.get("root_cause")
    first = causes[0] if isinstance(causes, list) and causes else None
    return first if isinstance(first, Mapping) else error


def _decoded(answer: Answer) -> Any:
    """None for what is no JSON."""
    if answer.media_type != "application/json":
        return None
    try:
        return orjson.loads(answer.body)
    except ValueError:
        return None


def _described(answer: Answer) -> str:
    if 300 <= answer.status < 400:
        target = without_secrets(answer.body.decode("utf-8", "replace")).encode()
        return f"a redirect to {_excerpt(target)!r} ({answer.status})"
    words = _excerpt(answer.body)
    return f"{answer.media_type or 'something without a media type'} ({answer.status}{f': {words!r}' if words else ''})"


def _excerpt(body: bytes) -> str:
    """A page's title, or the start of the text, on one line."""
    title = _TITLE.search(body[:10_000])
    text = (title[1] if title else body[:200]).decode("utf-8", "replace")
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())[:120]
