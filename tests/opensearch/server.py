"""An OpenSearch server as a test sees it: its version, its address, and a way to ask it something."""

import json
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import urllib3


class Refusal(Exception):
    """The server answered with an error."""

    def __init__(self, method: str, path: str, status: int, body: str) -> None:
        super().__init__(f"{method} {path}: {status} {body[:1000]}")
        self.status = status
        self.body = body


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who asks, and whom they trust: for secured servers."""

    user: str = ""
    password: str = field(default="", repr=False)
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None


class Server:
    """A server that runs, here or elsewhere; `url` has no slash at its end."""

    def __init__(self, version: str, url: str, *, identity: Identity | None = None) -> None:
        self.version = version
        self.identity = identity or Identity()
        self.on_use: Callable[[str], None] | None = None
        """Called with the version whenever somebody wants the address or asks: so a run can say what it ran against."""
        self._url = url
        self._pools: dict[Identity, urllib3.PoolManager] = {}

    @property
    def url(self) -> str:
        if self.on_use is not None:
            self.on_use(self.version)
        return self._url

    def ask(
        self, method: str, path: str, body: object = None, *, identity: Identity | None = None, timeout: float = 60
    ) -> Any:
        """The answer as JSON; the body goes as JSON, or as it is if it is bytes (NDJSON for `_bulk`).

        Raises:
            Refusal: the status is 400 or above.
            urllib3.exceptions.HTTPError: nobody answers.
        """
        asker = identity or self.identity
        headers = {"Content-Type": "application/json"}
        if asker.user:
            headers |= urllib3.make_headers(basic_auth=f"{asker.user}:{asker.password}")
        answer = self._pool(asker).request(
            method,
            self.url + path,
            body=body if isinstance(body, bytes | None) else json.dumps(body),
            headers=headers,
            timeout=timeout,
            retries=False,
        )
        text = answer.data.decode()
        if answer.status >= 400:
            raise Refusal(method, path, answer.status, text)
        return json.loads(text) if text.startswith(("{", "[")) else text

    def close(self) -> None:
        for pool in self._pools.values():
            pool.clear()

    def _pool(self, asker: Identity) -> urllib3.PoolManager:
        if asker not in self._pools:
            self._pools[asker] = urllib3.PoolManager(**_tls(asker))
        return self._pools[asker]


def _tls(asker: Identity) -> Mapping[str, Any]:
    if asker.ca is None:
        return {}
    context = ssl.create_default_context(cafile=str(asker.ca))
    if asker.certificate is not None:
        context.load_cert_chain(asker.certificate, asker.key)
    return {"ssl_context": context}
