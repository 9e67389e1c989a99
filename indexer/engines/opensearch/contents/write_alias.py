"""The alias that an index is written through: it goes when the index goes, and no late write makes that anew.

A document that is written to an index that is missing makes one, with a mapping guessed from it and without our mark.
Through an alias it is refused instead (404), if the request says that the name has to be an alias.
"""

from collections.abc import Mapping
from typing import Any

REQUIRED: Mapping[str, str] = {"require_alias": "true"}
"""Parameters of every request that writes a document."""

_END = "-write"


def write_alias(index: str) -> str:
    """`pubmed-v1-write` for `pubmed-v1`."""
    return index + _END


def written_through(name: str) -> str:
    """The index of an alias for writing; any other name as it is."""
    return name.removesuffix(_END)


def with_write_alias(index: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """The body of `PUT /<index>` that makes its alias with it."""
    return {**body, "aliases": {write_alias(index): {}}}
