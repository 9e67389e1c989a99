"""Updates of somebody's documents: our fields put in or taken out, if the document is still the one that was read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from indexer.engines.opensearch.attached.pages import Document


@dataclass(frozen=True, slots=True)
class Change:
    """One update, as a `Sender` takes it."""

    id: str
    routing: str | None
    body: bytes
    """The line after the action's: what to change."""
    lines: bytes
    """Both lines, each with its line feed."""
    digest: str = ""
    """Of the text whose vector is put in; "" for one that takes it out."""
    is_guarded: bool = True


def put_in(document: Document, fields: Mapping[str, Any], digest: str) -> Change:
    """Our fields beside theirs."""
    return _change(document, orjson.dumps({"doc": fields}, option=orjson.OPT_SERIALIZE_NUMPY), digest)


def take_out(document: Document, fields: Sequence[str]) -> Change:
    """Theirs alone, as before."""
    script = "for (String name : params.names) { ctx._source.remove(name) }"  # one text, so that it is compiled once
    body = {"script": {"lang": "painless", "source": script, "params": {"names": list(fields)}}}
    return _change(document, orjson.dumps(body), "")


def again(change: Change, document: Document) -> Change:
    """The same for the document as it is by now."""
    return _change(document, change.body, change.digest)


def _change(document: Document, body: bytes, digest: str) -> Change:
    guards = {"if_seq_no": document.seq_no, "if_primary_term": document.primary_term}
    routing = {} if document.routing is None else {"routing": document.routing}
    head = orjson.dumps({"update": {"_id": document.id, **guards, **routing}})
    return Change(document.id, document.routing, body, b"%b\n%b\n" % (head, body), digest)
