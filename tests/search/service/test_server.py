"""The socket of the model server."""

import socket

import httpx

from search.service.limits import Limits
from search.service.server import bind


def test_what_is_sent_to_a_client_is_not_held_back() -> None:
    with bind("127.0.0.1", 0) as listener:
        listener.listen()
        with socket.create_connection(listener.getsockname()) as client:
            accepted, _ = listener.accept()
            with accepted:
                assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
                assert accepted.proto == socket.IPPROTO_TCP, "asyncio looks at it"
            client.close()


def test_a_connection_is_kept_longer_than_a_client_keeps_it() -> None:
    """Otherwise the client sends on what is just being closed; OpenAI's and Cohere's clients are built on httpx."""
    kept = httpx.Limits().keepalive_expiry
    assert kept is not None
    assert Limits().idle_seconds > 2 * kept
