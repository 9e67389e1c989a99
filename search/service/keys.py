"""Who may ask: anyone who sends one of the server's API keys; everyone where it has none."""

import hmac
from collections.abc import Collection
from hashlib import sha256

from starlette.types import ASGIApp, Receive, Scope, Send

from search.service.request_errors import WrongKey
from search.service.turning_away import turn_away

OPEN_PATHS = ("/health",)
"""Answered without a key, so that a load balancer needs none."""


class KeysChecked:
    """Refuses requests without a key before anything of them is read."""

    def __init__(self, app: ASGIApp, *, keys: Collection[str]) -> None:
        self._app = app
        if not all(keys):
            raise ValueError("an API key cannot be empty")
        self._digests = [sha256(key.encode()).digest() for key in keys]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let through or answer 401."""
        if scope["type"] == "http" and scope["path"] not in OPEN_PATHS and not self._known(scope):
            await turn_away(scope, receive, send, WrongKey())
        else:
            await self._app(scope, receive, send)

    def _known(self, scope: Scope) -> bool:
        header: bytes = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        scheme, _, key = header.partition(b" ")
        given = sha256(key.strip() if scheme.lower() == b"bearer" else b"").digest()
        # Every key is compared, each in constant time: how long it takes says nothing about any of them.
        return sum(hmac.compare_digest(given, digest) for digest in self._digests) > 0
