"""The guide's requests and programs do what it says, on a server with models of random weights."""

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from search.service.refusals import STATUS
from search.service.routes import cohere, openai, operations, tei
from tests.onnx_models import checkpoints
from tests.search.service.running import server

GUIDE = (Path(__file__).parents[3] / "docs" / "model-server.md").read_text(encoding="utf-8")
ADDRESS = "http://127.0.0.1:8808"
SHOWN = re.findall(r"^    \$ (curl .*)\n    (.*)$", GUIDE, flags=re.MULTILINE)
PROGRAMS = re.findall(r"^```python\n(.*?)^```$", GUIDE, flags=re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home: Path = tmp_path_factory.mktemp("home")
    checkpoints.install(home, "minilm")
    with server(home, "minilm") as url:
        yield url


def answered(url: str, command: str) -> Any:
    """What the server answers to a command line of curl."""
    words = shlex.split(command)
    headers = dict([words[words.index("-H") + 1].split(": ")])
    return httpx.post(
        words[2].replace(ADDRESS, url), content=words[words.index("-d") + 1], headers=headers, timeout=60
    ).json()


def shape(value: Any) -> Any:
    """Names and kinds, without the numbers of one model."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [shape(inner) for inner in value[:1]]
    return type(value)


def test_the_guide_shows_requests_and_programs() -> None:
    assert (len(SHOWN), len(PROGRAMS)) == (4, 3)


@pytest.mark.parametrize(("command", "shown"), SHOWN)
def test_an_answer_looks_as_shown(url: str, command: str, shown: str) -> None:
    found = answered(url, command)
    expected = json.loads(re.sub(r"\[…\]", "[0.5]", shown).replace(", …]", "]"))
    assert shape(found) == shape(expected)
    if "echo" in command:
        assert found["data"][0]["text"] == expected["data"][0]["text"]
    if "error" in expected:
        assert found["error"]["message"] == expected["error"]["message"].replace("384", "32")


@pytest.mark.slow
@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_runs(url: str, program: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", program.replace(ADDRESS, url)], capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr
    said = program.rpartition("# ")[2]
    assert len(done.stdout.split()) == len(said.split())


def test_the_guide_names_every_path_and_status() -> None:
    routers = (openai.router, cohere.router, tei.router, operations.router)
    paths = {str(getattr(route, "path", "")) for router in routers for route in router.routes}
    assert {path for path in paths if "{" not in path and path not in GUIDE} == set()
    assert {status for status, _ in STATUS.values() if str(status) not in GUIDE} == set()
