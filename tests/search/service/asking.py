"""Requests as bytes on a socket, so that a test says what is sent and when, and a load costs its client little."""

import asyncio
import json
import socket
from dataclasses import dataclass
from typing import Any, BinaryIO

PATIENCE = 120.0
"""Seconds for an answer: far more than it takes anywhere."""


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, read."""
        return json.loads(self.body)


def post(path: str, body: object) -> bytes:
    """A whole request with a body of JSON."""
    said = body if isinstance(body, bytes) else json.dumps(body).encode()
    return head(path, len(said)) + said


def head(path: str, length: int) -> bytes:
    """A request's headers, which announce a body of so many bytes."""
    return (
        f"POST {path} HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
    ).encode()


def embeddings(texts: list[str], model: str = "medcpt-query") -> bytes:
    """A request for vectors, as OpenAI's clients send it."""
    return post("/v1/embeddings", {"model": model, "input": texts})


GET_HEALTH = b"GET /health HTTP/1.1\r\nhost: test\r\n\r\n"


def connect(address: tuple[str, int], *, receive_buffer: int | None = None) -> socket.socket:
    """A connection; `receive_buffer`: bytes that the system takes from the server before this side reads."""
    connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        connection.settimeout(PATIENCE)
        if receive_buffer is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        connection.connect(address)
    except BaseException:
        connection.close()
        raise
    return connection


def ask(address: tuple[str, int], request: bytes) -> Answer:
    """One request on a connection of its own."""
    with connect(address) as connection:
        connection.sendall(request)
        return receive(connection)


def receive(connection: socket.socket) -> Answer:
    """The next answer on a connection, on which no other follows yet."""
    with connection.makefile("rb") as file:
        return receive_from(file)


def receive_from(file: BinaryIO) -> Answer:
    """The next answer of several."""
    status = int(file.readline().split()[1])
    headers = _headers(iter(file.readline, b""))
    if "content-length" in headers:
        return Answer(status, headers, file.read(int(headers["content-length"])))
    return Answer(status, headers, _chunks(file))


def is_closed(connection: socket.socket) -> bool:
    """Wait until the server has closed it, whatever it says before."""
    try:
        while connection.recv(65536):
            pass
    except ConnectionError:
        pass
    return True


async def ask_async(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> Answer:
    """One request on a connection that is open; answers have to say their length."""
    writer.write(request)
    await writer.drain()
    status = int((await reader.readline()).split()[1])
    lines = []
    while (line := await reader.readline()) not in (b"\r\n", b""):
        lines.append(line)
    headers = _headers(iter([*lines, b"\r\n"]))
    return Answer(status, headers, await reader.readexactly(int(headers["content-length"])))


def _headers(lines: Any) -> dict[str, str]:
    headers = {}
    for line in lines:
        name, colon, value = line.decode("latin-1").partition(":")
        if not colon:
            break
        headers[name.strip().lower()] = value.strip()
    return headers


def _chunks(file: BinaryIO) -> bytes:
    body = b""
    while size := int(file.readline() or b"0", 16):
        body += file.read(size)
        file.readline()
    return body
