"""`kill -9` of a loader between two certain requests, each time at the next one, then the same command undisturbed."""

import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.disturbing import driver, environment, run, some_files
from tests.indexer.engines.opensearch.reaching import indices, served, settings
from tests.opensearch.faults import assert_whole
from tests.opensearch.server import Server

pytestmark = pytest.mark.slow

MADE = ["--die-after", "PUT /[^/]*-v1-ledger$"]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Few, and all of them numbered: their load refreshes nothing before it is inspected."""
    return some_files(tmp_path_factory.mktemp("files"), articles=20)[:3]


@pytest.fixture(scope="module")
def calm(files: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder index of a load of these that nobody disturbed."""
    folder = tmp_path_factory.mktemp("calm") / "index"
    run(driver(folder, files))
    return folder


def killed(command: Sequence[str], *moment: str) -> None:
    died = subprocess.run([*command, *moment], env=environment(), capture_output=True, check=False, timeout=300)
    assert died.returncode == -signal.SIGKILL, died.stderr.decode()


def test_kills_while_a_version_is_made(node_36: Server, fresh_index: str, files: list[Path], calm: Path) -> None:
    command = driver(f"{node_36.url}/{fresh_index}", files)
    killed(command, "--die-after", "PUT /[^/]*-v1$")
    assert indices(node_36, fresh_index) == {f"{fresh_index}-v1"}
    killed(command, *MADE)
    run(command)
    assert_whole(node_36, fresh_index, calm)
    assert indices(node_36, fresh_index) == {f"{fresh_index}-v1", f"{fresh_index}-v1-ledger"}


def test_kills_while_settings_are_turned_down_lose_none_of_them(
    node_36: Server, fresh_index: str, files: list[Path]
) -> None:
    name, command = f"{fresh_index}-v1", driver(f"{node_36.url}/{fresh_index}", files)
    killed(command, *MADE)
    mine = {"refresh_interval": "33s", "number_of_replicas": "1", "auto_expand_replicas": "false"}
    node_36.ask("PUT", f"/{name}/_settings", {"index": mine})
    killed(command, "--die-after", "PUT /[^/]*/_doc/settings$")
    assert settings(node_36, name) == mine
    killed(command, "--die-after", f"PUT /{name}/_settings$")
    assert settings(node_36, name)["refresh_interval"] == "-1"
    run(command)
    assert settings(node_36, name) == mine
    assert served(node_36, fresh_index) == {name}


def test_kills_while_a_version_is_inspected_and_served(
    node_36: Server, fresh_index: str, files: list[Path], calm: Path
) -> None:
    name, command = f"{fresh_index}-v1", driver(f"{node_36.url}/{fresh_index}", files)
    killed(command, "--die-after", f"POST /{name}/_refresh$")
    killed(command, "--die-after", f"PUT /{name}/_settings$")
    killed(command, "--die-before", "POST /_aliases$")
    assert served(node_36, fresh_index) == set()
    run(command)
    assert_whole(node_36, fresh_index, calm)
    assert indices(node_36, fresh_index) == {name, f"{name}-ledger"}
