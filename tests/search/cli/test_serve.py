"""`biocpt serve`: where it may listen, whom it answers, and what is wrong in one line each."""

import socket
from contextlib import closing
from pathlib import Path

import pytest

from tests.search.cli.in_process import Command
from tests.search.service.asking import Answer, ask, post
from tests.search.service.serving import as_process

BODY = {"model": "medcpt-query", "input": "heart"}


def with_key(key: str) -> bytes:
    request = post("/v1/embeddings", BODY)
    return request.replace(b"host: test\r\n", f"host: test\r\nauthorization: Bearer {key}\r\n".encode())


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_other_machines_are_answered_only_with_a_key_or_on_purpose(biocpt: Command, home: Path, host: str) -> None:
    answer = biocpt("serve", "--home", home, "--host", host)
    assert answer.code == 1
    assert answer.err == (
        f"Error: On {host!r} other machines can reach the server, and it has no key. Give it keys with --key-file FILE "
        "or BIOCPT_SERVE_KEYS, or say --insecure where the network lets in nobody else.\n"
    )


def test_a_port_that_is_taken_is_named(biocpt: Command, home: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        answer = biocpt("serve", "--home", home, "--port", str(port))
    assert answer.code == 1
    assert answer.err == (
        f"Error: Cannot listen on '127.0.0.1', port {port}: Address already in use. "
        "Choose others with --host and --port.\n"
    )


def test_a_host_that_is_none_is_named(biocpt: Command, home: Path) -> None:
    answer = biocpt("serve", "--home", home, "--host", "nowhere.invalid")
    assert answer.code == 1
    assert answer.err.startswith("Error: Cannot listen on 'nowhere.invalid'")


def test_a_set_that_is_not_there_is_named(biocpt: Command, home: Path) -> None:
    answer = biocpt("serve", "--home", home, "--port", "0", "--model", "bge-small")
    assert answer.code == 1
    assert "Model set 'bge-small' is not installed" in answer.err


def test_keys_come_from_one_place(biocpt: Command, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIOCPT_SERVE_KEYS", "one,two")
    (tmp_path / "keys").write_text("three\n", encoding="utf-8")
    answer = biocpt("serve", "--home", home, "--key-file", tmp_path / "keys")
    assert answer.code == 2
    assert "Both --key-file and BIOCPT_SERVE_KEYS are given: keep one." in answer.err


@pytest.mark.parametrize("host", ["a..b", "a" * 64])
def test_a_host_that_cannot_be_a_name_is_named(biocpt: Command, home: Path, host: str) -> None:
    answer = biocpt("serve", "--home", home, "--host", host)
    assert answer.code == 1
    assert answer.err.startswith(f"Error: Cannot listen on {host!r}, port 0: no host can have such a name.")


@pytest.mark.parametrize("option", ["--max-wait", "--timeout"])
@pytest.mark.parametrize("seconds", ["nan", "inf"])
def test_seconds_are_a_number(biocpt: Command, home: Path, option: str, seconds: str) -> None:
    answer = biocpt("serve", "--home", home, option, seconds)
    assert answer.code == 2
    assert f"{seconds} is no number of seconds." in answer.err


@pytest.mark.parametrize(("content", "problem"), [(b"\n \n", "has no key in it"), (b"\xff\n", "it is not UTF-8")])
def test_a_key_file_without_keys_is_refused(
    biocpt: Command, home: Path, tmp_path: Path, content: bytes, problem: str
) -> None:
    (tmp_path / "keys").write_bytes(content)
    answer = biocpt("serve", "--home", home, "--key-file", tmp_path / "keys")
    assert answer.code == 2
    assert problem in answer.err


@pytest.mark.slow
def test_each_key_of_a_file_opens_the_server_and_no_other_does(home: Path, tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("first-key\n\nsecond-key\n", encoding="utf-8-sig")  # as Windows' Notepad
    arguments = ("--model", "medcpt", "--threads", "1", "--key-file", str(tmp_path / "keys"))
    with as_process(home, *arguments) as server:

        def status(request: bytes) -> Answer:
            return ask(server.address, request)

        assert status(with_key("first-key")).status == 200
        assert status(with_key("second-key")).status == 200
        assert status(with_key("third-key")).status == 401
        assert status(post("/v1/embeddings", BODY)).status == 401


@pytest.mark.slow
def test_limits_are_those_of_the_options(home: Path) -> None:
    arguments = (
        "--model",
        "medcpt",
        "--threads",
        "1",
        "--max-texts",
        "2",
        "--max-characters",
        "10",
        "--max-body",
        "99",
    )
    with as_process(home, *arguments) as server:

        def refusal(texts: list[str]) -> tuple[int, str]:
            answer = ask(server.address, post("/v1/embeddings", {"model": "medcpt-query", "input": texts}))
            return answer.status, answer.body.decode()

        assert refusal(["a", "b"])[0] == 200
        assert "3 texts, and this server takes 2" in refusal(["a", "b", "c"])[1]
        assert "11 characters in one text, and this server takes 10" in refusal(["a" * 11])[1]
        assert refusal(["a" * 99])[0] == 413
