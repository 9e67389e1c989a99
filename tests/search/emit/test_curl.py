"""Scripts for bash, run by bash and curl against a server that notes what arrives."""

import shutil
import subprocess
from pathlib import Path

import orjson
import pytest

from indexer.engines.location import Access
from search.emit.curl import NOBODY, script
from search.emit.emission import LINES, Emission, Emitted, as_json, encoded
from tests.indexer.engines.opensearch.web_server import serving

HOSTILE = (
    "Do 'statins' \"help\"?",
    "$HOME $(touch broken) `touch broken` ${PATH}",
    "back\\slash \\n \\' \\\" trailing\\",
    "two\nlines\r\nJSON\nand a third",
    "'\nJSON\ntouch broken\n",
    "!! !$ history ! ^a^b",
    "tab\t and bell\x07 and del\x7f and nul\x00 and csi\x9b2J",
    "α-blockers, naïve, 中文, \u2028 line and \u2029 paragraph",
    "; touch broken & # | > broken < /dev/null",
    "-@/etc/passwd",
    "%s %d {{text}} {{{text}}}",
)
BASH, CURL = shutil.which("bash"), shutil.which("curl")

needs_curl = pytest.mark.skipif(BASH is None or CURL is None, reason="bash or curl is not installed")


def emission(to: str, questions: tuple[str, ...] = HOSTILE) -> Emission:
    bodies = [encoded({"query": question}) for question in questions]
    requests = [
        Emitted(name=question, path="/pubmed/_search?a=b&c=*", body=body, about=question, order=question)
        for question, body in zip(questions, bodies, strict=True)
    ]
    lines = b"".join(b"{}\n" + body for body in bodies)
    requests.append(Emitted(name="lists", path="/pubmed/_msearch", body=lines, kind=LINES, about="All."))
    return Emission(question="\n".join(questions), to=to, server="OpenSearch", requests=requests, notes=questions)


def run(text: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": "/usr/bin:/bin:/usr/local/bin", "LC_ALL": "C.UTF-8", **variables}
    command = [BASH or "bash", "-c", text]
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        env=environment,
        cwd=folder,
        timeout=60,
        check=False,
    )


@needs_curl
def test_every_body_arrives_byte_for_byte_whatever_the_question_holds(tmp_path: Path) -> None:
    with serving() as server:
        asked = emission(server.url.removesuffix("/pubmed"))
        done = run(script(asked), tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert [seen[0] for seen in server.seen] == ["POST"] * len(asked.requests)
    assert [body for _, _, _, body in server.seen] == [request.body for request in asked.requests]
    assert {path for _, path, _, _ in server.seen[:-1]} == {"/pubmed/_search?a=b&c=*"}
    assert server.seen[-1][2]["content-type"] == "application/x-ndjson"
    assert list(tmp_path.iterdir()) == []


@needs_curl
def test_a_command_copied_out_of_the_script_runs_by_itself(tmp_path: Path) -> None:
    with serving() as server:
        text = script(emission(server.url.removesuffix("/pubmed"), HOSTILE[:1]))
        start = text.index("curl ")
        run(text[start : text.index("\nJSON\n", start) + len("\nJSON\n")], tmp_path)
    assert [orjson.loads(body) for _, _, _, body in server.seen] == [{"query": HOSTILE[0]}]


@needs_curl
def test_a_server_that_refuses_ends_in_an_error_that_shows_its_words(tmp_path: Path) -> None:
    with serving(status=400, body=b'{"error":"no such field"}') as server:
        done = run(script(emission(server.url.removesuffix("/pubmed"), ("x",))), tmp_path)
    assert done.returncode == 22  # curl's own code for an HTTP error
    assert "no such field" in done.stdout


@needs_curl
@pytest.mark.parametrize("by_file", [False, True])
def test_a_password_is_read_from_where_biocpt_reads_it_and_stands_nowhere(tmp_path: Path, by_file: bool) -> None:
    secret = "pa$$'word\" `x`"
    access = Access(user="o'ann", password=secret)
    (tmp_path / "secret").write_text(secret + "\n", encoding="utf-8")
    variables = (
        {"BIOCPT_OPENSEARCH_PASSWORD_FILE": str(tmp_path / "secret")}
        if by_file
        else {"BIOCPT_OPENSEARCH_PASSWORD": secret}
    )
    with serving() as server:
        text = script(emission(server.url.removesuffix("/pubmed"), ("x",)), access)
        done = run(text, tmp_path, **variables)
    assert done.stderr == ""
    assert secret not in text
    assert {seen[2]["authorization"] for seen in server.seen} == {"Basic bydhbm46cGEkJCd3b3JkIiBgeGA="}  # by `base64`


@needs_curl
def test_an_api_key_is_read_too(tmp_path: Path) -> None:
    with serving() as server:
        text = script(emission(server.url.removesuffix("/pubmed"), ("x",)), Access(api_key="hidden"))
        run(text, tmp_path, BIOCPT_OPENSEARCH_API_KEY="hidden")
    assert "hidden" not in text
    assert {seen[2]["authorization"] for seen in server.seen} == {"ApiKey hidden"}


def test_files_of_certificates_and_signatures_are_options_of_curl() -> None:
    access = Access(ca=Path("my ca.pem"), certificate=Path("me.pem"), key=Path("me.key"), aws_region="eu-west-1")
    text = script(emission("https://host:9200", ("x",)), access)
    assert "--cacert 'my ca.pem' --cert me.pem --key me.key" in text
    assert "--aws-sigv4 aws:amz:eu-west-1:es" in text


def test_all_that_is_no_command_and_no_body_is_a_comment() -> None:
    lines = iter(script(emission("http://host:9200"), NOBODY).removesuffix("\n").split("\n"))
    for line in lines:
        if line.startswith("curl "):
            assert line.endswith("<<'JSON'")
            while line != "JSON":
                line = next(lines)
                assert line.startswith("{") or line == "JSON"
        else:
            assert line == "" or line.startswith("# ")


def test_json_keeps_the_bytes_of_every_body() -> None:
    asked = emission("http://host:9200")
    printed = orjson.dumps(as_json(asked), option=orjson.OPT_INDENT_2)
    for request in asked.requests:
        for each in request.objects:
            assert each in printed
    said = orjson.loads(printed)
    assert [row["body"] for row in said["requests"][:-1]] == [{"query": question} for question in HOSTILE]
    assert said["requests"][-1]["body"][1::2] == [{"query": question} for question in HOSTILE]
