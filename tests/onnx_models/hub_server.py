"""A small HTTP server that speaks what huggingface_hub asks of the hub: model info and file downloads with ranges."""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Hub:
    """What the server serves and what it saw."""

    repositories: dict[str, Path]
    endpoint: str = ""
    cut_once: set[str] = field(default_factory=set)
    """Files whose next download breaks off in the middle."""
    gated: bool = False
    ranges: list[tuple[str, str | None]] = field(default_factory=list)
    """(file, Range header) of each download, in order."""
    tokens: set[str | None] = field(default_factory=set)


@contextmanager
def serve(repositories: dict[str, Path]) -> Iterator[Hub]:
    """Serve folders as hub repositories on a free local port."""
    hub = Hub(repositories)

    class Handler(_Handler):
        pass

    Handler.hub = hub
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    hub: Hub

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def _answer(self, *, body: bool) -> None:
        self.hub.tokens.add(self.headers.get("Authorization"))
        path = self.path.split("?")[0]
        if self.hub.gated:
            self._refuse(403, "GatedRepo")
        elif path.startswith("/api/models/"):
            self._info(path.removeprefix("/api/models/"))
        else:
            repository, _, rest = path.removeprefix("/").partition("/resolve/")
            self._file(repository, rest.partition("/")[2], body=body)

    def _info(self, path: str) -> None:
        repository, _, revision = path.partition("/revision/")
        folder = self.hub.repositories.get(repository)
        if folder is None:
            self._refuse(404, "RepoNotFound")
        elif revision not in ("", "main", COMMIT):
            self._refuse(404, "RevisionNotFound")
        else:
            files = [{"rfilename": file.name} for file in sorted(folder.iterdir())]
            data = json.dumps({"id": repository, "modelId": repository, "sha": COMMIT, "siblings": files}).encode()
            self._send(200, data, {"Content-Type": "application/json"}, body=True)

    def _file(self, repository: str, name: str, *, body: bool) -> None:
        file = self.hub.repositories.get(repository, Path("/nowhere")) / name
        if not file.is_file():
            self._refuse(404, "EntryNotFound")
            return
        data = file.read_bytes()
        headers = {"ETag": f'"{hashlib.sha256(data).hexdigest()}"', "X-Repo-Commit": COMMIT, "Accept-Ranges": "bytes"}
        asked = self.headers.get("Range")
        if body:
            self.hub.ranges.append((name, asked))
        if asked is None or asked == "bytes=0-":
            self._send(200, data, headers, body=body, cut=body and name in self.hub.cut_once)
            self.hub.cut_once.discard(name) if body else None
            return
        start = int(asked.removeprefix("bytes=").partition("-")[0])
        headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
        self._send(206, data[start:], headers, body=body)

    def _refuse(self, status: int, code: str) -> None:
        self._send(status, b"", {"X-Error-Code": code, "X-Error-Message": code}, body=True)

    def _send(self, status: int, data: bytes, headers: dict[str, str], *, body: bool, cut: bool = False) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if body:
            self.wfile.write(data[: len(data) // 2] if cut else data)
        if cut:
            self.close_connection = True
