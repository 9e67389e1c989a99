"""What is emitted for a question: requests as the bytes to send, each with what it is good for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import orjson

JSON, LINES = "application/json", "application/x-ndjson"


@dataclass(frozen=True, slots=True, kw_only=True)
class Emitted:
    """One request."""

    name: str
    """Among those of its emission: `hybrid-rrf`."""
    method: str = "POST"
    path: str
    """Behind the cluster's address, with a slash in front."""
    body: bytes
    """One JSON object, or of LINES several; each with its line feed."""
    kind: str = JSON
    """Its media type."""
    about: str
    """What it asks for."""
    order: str = ""
    """Whether it gives the order of `biocpt search`, and where not; "" for what gives no order."""

    @property
    def objects(self) -> list[bytes]:
        """The body as the JSON objects that it consists of."""
        return [line for line in self.body.split(b"\n") if line]


@dataclass(frozen=True, slots=True, kw_only=True)
class Emission:
    """All requests for one question."""

    question: str
    to: str
    """Where they go: an address without a slash at its end."""
    server: str
    """What they are made for: `OpenSearch 3.6.0`."""
    requests: Sequence[Emitted]
    notes: Sequence[str] = ()
    """What holds for all of them, a sentence each."""

    def of(self, name: str) -> Emitted:
        """The request of that name; KeyError where it was left out."""
        return {request.name: request for request in self.requests}[name]


def encoded(body: Mapping[str, Any]) -> bytes:
    """A body of one JSON object."""
    return orjson.dumps(body, option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_APPEND_NEWLINE)


def path(*parts: str, **params: str) -> str:
    """`/pubmed/_search?size=1`; an index's name, and an id of ours, need no escapes."""
    return "/" + "/".join(parts) + (f"?{urlencode(params, safe='*,')}" if params else "")


def as_json(emission: Emission) -> dict[str, Any]:
    """The emission as one object; each body keeps its bytes, those of LINES stand in a list."""
    return {
        "question": emission.question,
        "to": emission.to,
        "server": emission.server,
        "notes": list(emission.notes),
        "requests": [_as_json(request) for request in emission.requests],
    }


def _as_json(request: Emitted) -> dict[str, Any]:
    objects = [orjson.Fragment(each) for each in request.objects]
    return {
        "name": request.name,
        "about": request.about,
        "order": request.order or None,
        "method": request.method,
        "path": request.path,
        "content_type": request.kind,
        "body": objects if request.kind == LINES else objects[0],
    }
