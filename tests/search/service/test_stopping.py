"""SIGTERM to the real command: what is being answered is answered, nothing new is taken, and it ends with 0."""

import signal
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from search.service.limits import Limits
from tests.search.service.asking import GET_HEALTH, Answer, ask, connect, embeddings, head, receive
from tests.search.service.serving import Gate, Process, as_process, in_thread, until

pytestmark = pytest.mark.slow


def work(texts: int) -> bytes:
    """A request that takes one thread a millisecond or more a text."""
    return embeddings(["heart " * 60] * texts, model="minilm-article")


GET_METRICS = b"GET /metrics HTTP/1.1\r\nhost: test\r\n\r\n"


def is_at_work(server: Process) -> bool:
    """Whether a request waits for a model, by the server's own figures."""
    return b"biocpt_requests_in_work 1.0" in ask(server.address, GET_METRICS).body


def refuses(server: Process) -> bool:
    """Whether nobody listens there any more."""
    try:
        with socket.create_connection(server.address, timeout=5):
            return False
    except OSError:
        return True


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_idle_server_ends_at_once_with_0(home: Path, number: signal.Signals) -> None:
    with as_process(home, "--model", "medcpt", "--threads", "1") as server:
        assert ask(server.address, GET_HEALTH).status == 200
        server.tell(number)
        assert server.ended() == 0
        assert server.lines == [
            "Serving medcpt-query, medcpt-article, medcpt-rerank, medcpt-cross "
            f"at http://127.0.0.1:{server.address[1]}; Ctrl+C ends it."
        ]


def test_requests_that_run_are_answered_and_new_ones_refused(sizeable_home: Path) -> None:
    """A client that asks again and again until nobody listens: all that was taken is answered, and whole."""
    answers: list[Answer] = []
    with as_process(sizeable_home, "--model", "minilm", "--threads", "1") as server:

        def asking() -> None:
            with suppress(OSError):
                while True:
                    answers.append(ask(server.address, work(200)))

        running = threading.Thread(target=asking)
        running.start()
        until(lambda: is_at_work(server), "work that runs")
        server.tell(signal.SIGTERM)
        until(lambda: refuses(server), "a closed door")
        running.join()
        assert server.ended() == 0
    assert answers
    assert [(answer.status, len(answer.json["data"])) for answer in answers] == [(200, 200)] * len(answers)


def test_a_client_that_sends_half_a_request_does_not_hold_up_the_end(home: Path) -> None:
    with (
        as_process(home, "--model", "medcpt", "--threads", "1") as server,
        connect(server.address) as half,
        connect(server.address),
    ):
        half.sendall(head("/v1/embeddings", 1000) + b'{"model":')
        assert ask(server.address, GET_HEALTH).status == 200
        started = time.monotonic()
        server.tell(signal.SIGTERM)
        assert server.ended() == 0
        assert time.monotonic() - started < 25  # 30 s are given to what is being answered


def test_a_second_signal_ends_it_whatever_runs(sizeable_home: Path) -> None:
    arguments = ("--model", "minilm", "--threads", "1")
    with as_process(sizeable_home, *arguments) as server, connect(server.address) as connection:
        connection.sendall(work(2000))
        until(lambda: is_at_work(server), "work that runs")
        server.tell(signal.SIGTERM)
        until(lambda: refuses(server), "a closed door")
        server.tell(signal.SIGTERM)
        assert server.ended() == 0


def test_a_server_in_a_program_of_ones_own_is_stopped_from_another_thread(home: Path) -> None:
    with in_thread(home, "medcpt") as server, connect(server.address) as connection:
        connection.sendall(GET_HEALTH)
        assert receive(connection).status == 200
        server.server.stop()
        assert connection.recv(1) == b""


def test_what_does_not_end_in_time_is_told_that_the_server_stops(home: Path) -> None:
    with in_thread(home, "medcpt", limits=Limits(stopping_seconds=1)) as server, connect(server.address) as connection:
        gate = Gate(server.inference, "medcpt-query")
        try:
            connection.sendall(embeddings(["heart"]))
            until(lambda: gate.rows > 0, "work that runs")
            server.server.stop()
            answer = receive(connection)
        finally:
            gate.open.set()
    assert (answer.status, answer.json["error"]["code"]) == (503, "stopping")
