"""Keys: one of the server's, whole and as it was given, or nothing is answered."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import PlainTextResponse
from starlette.types import Message, Scope

from search.service.keys import KeysChecked

KEYS = ("first-key", "zweiter-Schlüssel")
CHECKED = KeysChecked(PlainTextResponse("let in"), keys=KEYS)


def status(*headers: bytes) -> int:
    """Of the answer to a request with these Authorization headers."""
    scope: Scope = {
        "type": "http",
        "method": "GET",
        "path": "/v1/models",
        "headers": [(b"authorization", header) for header in headers],
    }
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(CHECKED(scope, receive, send))
    return int(sent[0]["status"])


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_each_key_lets_in(key: str, scheme: str) -> None:
    assert status(f"{scheme} {key}".encode()) == 200


@pytest.mark.parametrize(
    "header",
    [b"", b"Bearer", b"Bearer ", b"first-key", b"Basic first-key", b"Bearer first-key,zweiter", b"Bearer \xff"],
)
def test_anything_else_does_not(header: bytes) -> None:
    assert status(header) == 401


def test_no_header_does_not() -> None:
    assert status() == 401


@given(st.text(alphabet=st.characters(min_codepoint=0x21, max_codepoint=0x7E)))
def test_no_other_text_is_a_key(key: str) -> None:
    assert status(f"Bearer {key}".encode()) == (200 if key in KEYS else 401)


def test_an_empty_key_is_none() -> None:
    with pytest.raises(ValueError, match="cannot be empty"):
        KeysChecked(PlainTextResponse("let in"), keys=("",))
