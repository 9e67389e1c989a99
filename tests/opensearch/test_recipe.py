"""Servers are unpacked once, with Maven only then; what older recipes and killed runs left is removed if unused."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.opensearch import recipe
from tests.opensearch.node import NodeFailed
from tests.opensearch.servers import Servers

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="nodes for the tests start on Linux and macOS")

NAME = "opensearch-2.19.1"
WEEK = 7 * 24 * 3600.0


def program(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A Java 17 and an empty cache, and no Maven."""
    program(tmp_path / "jdk" / "bin" / "java", "exit 1")
    (tmp_path / "jdk" / "release").write_text('JAVA_VERSION="17.0.1"\n', encoding="utf-8")
    (tmp_path / "bin").mkdir()
    return {
        "JAVA17_HOME": str(tmp_path / "jdk"),
        "BIOCPT_TEST_CACHE": str(tmp_path / "cache"),
        "PATH": str(tmp_path / "bin"),
    }


def unpacked(environment: dict[str, str], name: str, *, age: float = 0.0) -> Path:
    """A folder like an unpacked server's, asked for `age` seconds ago, whose server ends as soon as it starts."""
    home = recipe.cache(environment) / name
    program(home / "bin" / "opensearch", "exit 1")
    (home / "config").mkdir()
    (home / "config" / "jvm.options").write_text("", encoding="utf-8")
    (home / "plugins" / "opensearch-security" / "config").mkdir(parents=True)
    home.with_name(f"{name}.lock").touch()
    os.utime(home, (time.time() - age,) * 2)
    return home


def stamp() -> str:
    """What names of unpacked servers end with, by the recipe as it is."""
    return recipe._stamp()


def test_an_unpacked_server_needs_no_maven(environment: dict[str, str]) -> None:
    home = unpacked(environment, f"{NAME}-{stamp()}")
    assert recipe.obtain("2.19.1", environment=environment).home == home


def test_a_new_recipe_removes_what_nobody_uses_of_the_old_ones(environment: dict[str, str], tmp_path: Path) -> None:
    program(tmp_path / "bin" / "mvn", "echo no way there; exit 1")
    root = recipe.cache(environment)
    unused = unpacked(environment, f"{NAME}-00000000", age=WEEK)
    fresh = unpacked(environment, f"{NAME}-11111111")
    running = unpacked(environment, f"{NAME}-22222222", age=WEEK)
    other = unpacked(environment, f"{NAME}-security-33333333", age=WEEK)
    for left in (f".unpacking-{NAME}-{stamp()}-killed", f".unpacking-{NAME}-00000000-killed"):
        (root / left).mkdir()
    with subprocess.Popen(["/bin/sh", "-c", "read line", str(running)], stdin=subprocess.PIPE) as node:
        with pytest.raises(RuntimeError, match="no way there"):
            recipe.obtain("2.19.1", environment=environment)
        node.communicate(b"\n")
    assert {path for path in root.iterdir() if path.is_dir()} == {fresh, running, other}
    assert not unused.exists()


def test_maven_has_only_so_long(tmp_path: Path) -> None:
    program(tmp_path / "mvn", "exec sleep 60")
    with pytest.raises(RuntimeError, match=r"did not fetch OpenSearch \['2.19.1'\] within 1 s"):
        recipe._fetch(
            str(tmp_path / "mvn"), ["2.19.1"], into=tmp_path, environment=dict(os.environ), jdk=tmp_path, patience=1
        )


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_a_secured_node_whose_start_failed_is_not_handed_out(environment: dict[str, str]) -> None:
    unpacked(environment, f"{NAME}-security-{stamp()}")
    servers = Servers(environment)
    try:
        for _ in range(2):
            with pytest.raises(NodeFailed, match="ended while it started"):
                servers.secured()
    finally:
        servers.close()
