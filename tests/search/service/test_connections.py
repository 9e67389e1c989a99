"""Clients that are slow, silent, too many or too big, on real sockets: the server goes on answering the others."""

import resource
import select
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path

import pytest

from search.service.limits import Limits
from tests.search.service.asking import GET_HEALTH, ask, connect, embeddings, head, is_closed, receive, receive_from
from tests.search.service.serving import PATIENCE, Gate, Threaded, as_process, in_thread, until

BRISK = Limits(header_seconds=0.5, seconds=2.0, idle_seconds=1, connections=20, body_bytes=2**20)
"""Little patience, so that tests are quick."""


@pytest.fixture(scope="module")
def server(home: Path) -> Iterator[Threaded]:
    with in_thread(home, "medcpt", limits=BRISK) as server:
        yield server


def ended(connections: list[socket.socket]) -> int:
    """How many of these, on which nothing was asked, the server has closed."""
    return sum(_has_ended(connection) for connection in connections)


def _has_ended(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        return connection.recv(65536) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


def test_a_client_that_never_says_anything_is_hung_up_on(server: Threaded) -> None:
    with connect(server.address) as silent:
        assert ask(server.address, GET_HEALTH).status == 200
        assert is_closed(silent)


def test_headers_that_come_a_byte_at_a_time_run_out_of_time(server: Threaded) -> None:
    with connect(server.address) as slow:
        gone = threading.Event()

        def dribble() -> None:
            for byte in GET_HEALTH[:-2] * 1000:
                try:
                    slow.sendall(bytes([byte]))
                except OSError:
                    return
                if gone.wait(0.02):
                    return

        dribbling = threading.Thread(target=dribble)
        dribbling.start()
        try:
            assert ask(server.address, GET_HEALTH).status == 200
            assert receive(slow).status == 408
        finally:
            gone.set()
            dribbling.join()


def test_headers_without_end_are_refused(server: Threaded) -> None:
    with connect(server.address) as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\n")
        for number in range(2000):
            try:
                connection.sendall(f"x-{number}: {'y' * 100}\r\n".encode())
            except OSError:
                break
        assert is_closed(connection)
    assert ask(server.address, GET_HEALTH).status == 200


def test_a_request_that_offers_http_2_is_read_to_its_end(server: Threaded) -> None:
    """As Java's HttpClient sends all of its requests, the body in a segment of its own."""
    request, _, body = embeddings(["heart"]).partition(b"\r\n\r\n")
    offer = b"\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAAB\r\n\r\n"
    with connect(server.address) as connection:
        for _ in range(2):
            connection.sendall(request + offer)
            time.sleep(0.05)  # so that the server reads it alone; it has to answer either way
            connection.sendall(body)
            assert receive(connection).status == 200


def test_a_tunnel_is_refused(server: Threaded) -> None:
    assert ask(server.address, b"CONNECT example.org:443 HTTP/1.1\r\nhost: example.org:443\r\n\r\n").status == 400


def test_requests_sent_without_waiting_are_all_answered_in_their_order(server: Threaded) -> None:
    """Four times as much as is read at one time, of which no more is taken in while requests wait."""
    requests = [embeddings(["heart" * 500], model=f"no-{number}") for number in range(400)]
    sending = threading.Thread(target=lambda: connection.sendall(b"".join(requests)))
    waiting = 0
    with connect(server.address) as connection, connection.makefile("rb") as answers:
        sending.start()
        for number in range(len(requests)):
            waiting = max(waiting, *(len(each.pipeline) for each in server.connections))
            assert f"'no-{number}'" in receive_from(answers).json["error"]["message"]
        sending.join()
    assert waiting <= 2**18 // len(requests[0]) + 1


@pytest.mark.parametrize("piece", [b"x-more: yes\r\n" * 5000, b"x" * 2**16], ids=["lines", "one line"])
def test_what_follows_a_body_without_end_is_hung_up_on(server: Threaded, piece: bytes) -> None:
    with connect(server.address) as connection:
        connection.sendall(
            b"POST /v1/embeddings HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\n"
            b"transfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n"
        )
        with pytest.raises(ConnectionError):
            connection.sendall(piece * 1600)
    assert ask(server.address, GET_HEALTH).status == 200


@pytest.mark.slow
def test_a_connection_that_was_answered_is_closed_when_nothing_more_comes(server: Threaded) -> None:
    with connect(server.address) as connection:
        for _ in range(3):
            connection.sendall(GET_HEALTH)
            assert receive(connection).status == 200
        assert is_closed(connection)


def test_blank_lines_after_an_answer_do_not_keep_a_connection(server: Threaded) -> None:
    """uvicorn forgets its own clock for idle connections as soon as a byte comes."""
    with connect(server.address) as connection:
        connection.sendall(GET_HEALTH)
        assert receive(connection).status == 200
        connection.sendall(b"\r\n")
        assert is_closed(connection)


@pytest.mark.slow
def test_a_body_that_stops_half_way_runs_out_of_time(server: Threaded) -> None:
    with connect(server.address) as connection:
        connection.sendall(head("/v1/embeddings", 1000) + b'{"model":')
        assert receive(connection).status == 408
        assert is_closed(connection)


def test_a_body_that_is_announced_as_too_large_is_refused_unread(server: Threaded) -> None:
    with connect(server.address) as connection:
        connection.sendall(head("/v1/embeddings", 100 * 2**20))
        assert receive(connection).status == 413


def test_100_megabytes_without_a_length_are_refused_before_they_are_all_here(server: Threaded) -> None:
    chunk = b"10000\r\n" + b" " * 2**16 + b"\r\n"
    sent = 0
    with connect(server.address) as connection:
        connection.sendall(
            b"POST /v1/embeddings HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\n"
            b"transfer-encoding: chunked\r\n\r\n"
        )
        for _ in range(1600):
            readable, _, _ = select.select([connection], [], [], 0)
            if readable:
                break
            try:
                connection.sendall(chunk)
            except OSError:
                break
            sent += 2**16
        assert receive(connection).status == 413
    assert sent < 100 * 2**20


@pytest.mark.slow
def test_an_answer_that_nobody_reads_does_not_stay(home: Path) -> None:
    """1,000 vectors are more than the system holds for a reader that takes nothing."""
    limits = Limits(seconds=2.0, connections=20)
    with (
        in_thread(home, "medcpt", limits=limits, send_buffer=4096) as server,
        connect(server.address, receive_buffer=4096) as connection,
    ):
        connection.sendall(embeddings(["heart"] * 1000))
        until(lambda: server.inference.lanes[0].batcher.batches > 1, "work")
        until(lambda: server.server.connections == 0, "an end to the connection")
        assert ask(server.address, GET_HEALTH).status == 200


@pytest.mark.slow
def test_idle_connections_make_room_for_new_ones(home: Path) -> None:
    """The system's own queue holds no more than a few; each of 60 is let in where 20 may be open."""
    patient = Limits(header_seconds=600.0, connections=20)
    with in_thread(home, "medcpt", limits=patient) as server, ExitStack() as opened:
        idle = [opened.enter_context(closing(connect(server.address))) for _ in range(60)]
        until(lambda: ended(idle) >= 40, "room")
        assert ask(server.address, GET_HEALTH).status == 200


def test_connections_that_are_all_being_answered_turn_another_away(home: Path) -> None:
    limits = Limits(connections=3)
    with in_thread(home, "medcpt", limits=limits) as server, ExitStack() as opened:
        gate = Gate(server.inference, "medcpt-query")
        try:
            busy = [opened.enter_context(closing(connect(server.address))) for _ in range(3)]
            for connection in busy:
                connection.sendall(embeddings(["heart"]))
            until(lambda: server.inference.admission.requests == 3, "three requests")
            answer = ask(server.address, GET_HEALTH)
            assert (answer.status, answer.headers["retry-after"]) == (503, "1")
        finally:
            gate.open.set()
        assert [receive(connection).status for connection in busy] == [200] * 3


def test_a_client_that_hangs_up_leaves_no_work_behind(home: Path) -> None:
    with in_thread(home, "medcpt") as server:
        gate = Gate(server.inference, "medcpt-query")
        try:
            with connect(server.address) as connection:
                connection.sendall(embeddings(["heart"] * 1500))
                until(lambda: server.inference.admission.waiting_tokens > 1000, "work that waits")
            until(lambda: server.inference.admission.requests == 0, "an end to it")
        finally:
            gate.open.set()
        assert ask(server.address, embeddings(["blood"])).status == 200
        assert gate.rows < 1500


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_many_bodies_of_100_megabytes_at_once_leave_memory_as_it_was(home: Path) -> None:
    """16 clients send 100 MB each, announced or not: no more than a few bodies of 16 MB may ever be held."""
    with as_process(home, "--model", "medcpt", "--threads", "1") as server:
        assert ask(server.address, embeddings(["heart"])).status == 200
        before = server.resident
        sending = [threading.Thread(target=pour, args=(server.address, number % 2 == 0)) for number in range(16)]
        for thread in sending:
            thread.start()
        for thread in sending:
            thread.join(PATIENCE)
        assert ask(server.address, embeddings(["heart"])).status == 200
        assert server.resident - before < 256 * 2**20


def pour(address: tuple[str, int], is_announced: bool) -> None:
    """Send 100 MB, or as much of them as the server lets come."""
    start = head("/v1/embeddings", 100 * 2**20)
    if not is_announced:
        start = start.partition(b"content-length")[0] + b"transfer-encoding: chunked\r\n\r\n"
    piece = b" " * 2**16 if is_announced else b"10000\r\n" + b" " * 2**16 + b"\r\n"
    with connect(address) as connection, suppress(ConnectionError, TimeoutError):
        connection.sendall(start)
        for _ in range(1600):
            connection.sendall(piece)


@pytest.mark.slow
def test_thousands_of_silent_connections_keep_nobody_out(home: Path) -> None:
    """3,000 clients that say nothing where 200 may be connected, while others ask one request after another."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 4000
    if hard != resource.RLIM_INFINITY and hard < wanted:
        pytest.skip(f"this system allows {hard} open files, and the test needs {wanted}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    limits = Limits(header_seconds=600.0, connections=200)
    try:
        with in_thread(home, "medcpt", limits=limits) as server, ExitStack() as opened:
            silent: list[socket.socket] = []
            statuses = []
            started = time.monotonic()
            for _ in range(30):
                silent += [opened.enter_context(closing(connect(server.address))) for _ in range(100)]
                statuses.append(ask(server.address, embeddings(["heart"])).status)
            assert statuses == [200] * 30
            until(lambda: ended(silent) >= 2800, "room")
            assert time.monotonic() - started < 300
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
