"""Keys: one of the server's, whole and as it was given, or nothing is answered."""

import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from search.service.keys import KeysChecked

KEYS = ("first-key", "zweiter-Schlüssel")


def client(*keys: str) -> TestClient:
    app = FastAPI()
    app.add_api_route("/v1/models", lambda: "let in")
    app.add_middleware(KeysChecked, keys=keys)
    return TestClient(app)


ASKING = client(*KEYS)


def status(header: bytes) -> int:
    return ASKING.get("/v1/models", headers={b"authorization": header}).status_code


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


@given(st.text(alphabet=st.characters(min_codepoint=0x21, max_codepoint=0x7E)))
def test_no_other_text_is_a_key(key: str) -> None:
    assert status(f"Bearer {key}".encode()) == (200 if key in KEYS else 401)


def test_an_empty_key_is_none() -> None:
    with pytest.raises(ValueError, match="cannot be empty"):
        client("").get("/v1/models")
