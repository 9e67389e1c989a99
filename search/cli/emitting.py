"""Requests to a cluster as text, for people who send them by themselves."""

import shlex
from collections.abc import Iterable
from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from indexer.engines.location import Location
    from indexer.engines.opensearch.pipelines.installing import Request

FORMS = ("console", "curl")
"""For the console of OpenSearch Dashboards' Dev Tools, and for a shell."""


def emitted(requests: Iterable["Request"], location: "Location", form: str) -> str:
    """The requests in this form, one after the other; no password is among them."""
    if form == "console":
        return "\n\n".join(_console(request) for request in requests)
    begin = _curl(location)
    return "\n".join(f"{begin} {_rest(request, location)}" for request in requests)


def _console(request: "Request") -> str:
    first = f"{request.method} {request.path}"
    if request.body is None:
        return first
    return f"{first}\n{orjson.dumps(request.body, option=orjson.OPT_INDENT_2).decode()}"


def _curl(location: "Location") -> str:
    """How every command begins: who asks, and whom they trust; it reads secrets from the variables that we read."""
    from search.emit.curl import letting_in

    return " ".join(["curl", "--fail-with-body", *letting_in(location.access)])


def _rest(request: "Request", location: "Location") -> str:
    from indexer.engines.opensearch.connecting.address import parse

    words = ["-X", request.method, f"{parse(location.name).cluster}{request.path}"]
    if request.body is not None:
        words += ["-H", "Content-Type: application/json", "-d", orjson.dumps(request.body).decode()]
    return shlex.join(words)
