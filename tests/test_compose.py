"""docker-compose.yml as the reference loader of the Compose specification reads it, and its settings on real nodes."""

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.opensearch import recipe
from tests.opensearch.node import Node
from tests.opensearch.secured import SecuredNode

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent
FILE = ROOT / "docker-compose.yml"
PASSWORD = "OPENSEARCH_INITIAL_ADMIN_PASSWORD"
NODES = {"opensearch": "3.6.0", "opensearch-2x": "2.19.1"}
"""Service → the version that the tests run on."""


@cache
def loader() -> Path:
    """tests/compose, built once into the cache of the tests."""
    go = shutil.which("go")
    if go is None:
        pytest.skip("Go is not installed: docker-compose.yml is not checked. Install Go 1.24 or newer.")
    source = Path(__file__).parent / "compose"
    stamp = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(source.iterdir()))).hexdigest()[:8]
    binary = recipe.cache(os.environ) / f"compose-{stamp}"
    if not binary.exists():
        fetched = subprocess.run([go, "mod", "download"], cwd=source, capture_output=True, text=True, check=False)
        if fetched.returncode:
            pytest.skip(
                f"Go's modules cannot be had: docker-compose.yml is not checked. {fetched.stderr.strip()[:200]}"
            )
        with tempfile.TemporaryDirectory(prefix=".building-", dir=binary.parent) as work:
            built = Path(work) / binary.name  # another run may build it too: whoever is last puts the same in its place
            subprocess.run([go, "build", "-o", built, "."], cwd=source, check=True)
            built.replace(binary)
    return binary


def load(file: Path, *profiles: str, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    command = list(map(str, [loader(), file, *profiles]))
    return subprocess.run(command, env={**clean, **environment}, capture_output=True, text=True, check=False)


def services(*profiles: str, **environment: str) -> dict[str, Any]:
    loaded = load(FILE, *profiles, **{PASSWORD: "secret", **environment})
    assert loaded.returncode == 0, loaded.stderr
    found: dict[str, Any] = json.loads(loaded.stdout)["services"]
    return found


def settings(service: str) -> dict[str, str]:
    """Those variables that the image's entry point hands to the server: `-E name=value` for each with a dot."""
    environment = services("2.x")[service]["environment"]
    return {name: value for name, value in environment.items() if "." in name}


def test_up_starts_one_node_and_profiles_the_others() -> None:
    assert set(services()) == {"opensearch"}
    assert set(services("2.x")) == {"opensearch", "opensearch-2x"}
    assert set(services("biocpt")) == {"opensearch", "biocpt"}


def test_without_a_password_nothing_starts() -> None:
    loaded = load(FILE)
    assert loaded.returncode == 1
    assert PASSWORD in loaded.stderr


def test_the_loader_refuses_what_the_specification_does_not_know(tmp_path: Path) -> None:
    wrong = tmp_path / "docker-compose.yml"
    wrong.write_text(FILE.read_text("utf-8").replace("healthcheck:", "healtcheck:"), encoding="utf-8")
    loaded = load(wrong, **{PASSWORD: "secret"})
    assert loaded.returncode == 1
    assert "healtcheck" in loaded.stderr


@pytest.mark.parametrize(("service", "version"), NODES.items())
def test_a_node_is_bounded_checked_kept_and_shut_to_others(service: str, version: str) -> None:
    node = services("2.x")[service]
    assert node["image"] == f"opensearchproject/opensearch:{version}"
    assert version in recipe.JAVAS
    assert {port["host_ip"] for port in node["ports"]} == {"127.0.0.1"}
    assert int(node["mem_limit"]) == int(node["memswap_limit"]) == 4 * 2**30
    assert node["environment"]["OPENSEARCH_JAVA_OPTS"] == "-Xms1g -Xmx1g"
    assert node["ulimits"]["memlock"] == {"soft": -1, "hard": -1}
    assert [volume["type"] for volume in node["volumes"]] == ["volume"]
    assert "healthcheck" in node
    assert not any("disable" in name.lower() and "secur" in name.lower() for name in node["environment"])


def test_the_nodes_share_neither_port_nor_data() -> None:
    both = [services("2.x")[service] for service in NODES]
    assert len({node["ports"][0]["published"] for node in both}) == 2
    assert len({node["volumes"][0]["source"] for node in both}) == 2


def test_sizes_and_ports_come_from_the_environment() -> None:
    node = services(OPENSEARCH_HEAP="8g", OPENSEARCH_MEMORY="32g", OPENSEARCH_PORT="9999")["opensearch"]
    assert node["environment"]["OPENSEARCH_JAVA_OPTS"] == "-Xms8g -Xmx8g"
    assert int(node["mem_limit"]) == 32 * 2**30
    assert node["ports"][0]["published"] == "9999"


def test_biocpt_waits_for_the_node_and_finds_it_by_a_name_of_its_certificate() -> None:
    biocpt = services("biocpt")["biocpt"]
    assert biocpt["depends_on"]["opensearch"]["condition"] == "service_healthy"
    assert biocpt["network_mode"] == "service:opensearch"
    assert biocpt["environment"]["BIOCPT_INDEX"].startswith("https://localhost:9200/")
    assert biocpt["environment"]["BIOCPT_OPENSEARCH_PASSWORD"] == "secret"
    mounted = {volume["target"] for volume in biocpt["volumes"]}
    assert {"/data", "/articles", biocpt["environment"]["BIOCPT_OPENSEARCH_CA_CERT"]} == mounted


def test_variables_of_biocpt_are_options_of_its_commands() -> None:
    import click

    from search.cli import COMMANDS, biocpt

    commands = [biocpt.get_command(click.Context(biocpt), name) for name in COMMANDS]
    known = {str(option.envvar) for command in commands if command for option in command.params if option.envvar}
    asked = set(services("biocpt")["biocpt"]["environment"])
    assert asked - known == {"BIOCPT_OPENSEARCH_PASSWORD"}  # a secret, and no option on purpose


@pytest.mark.opensearch
@pytest.mark.parametrize(("service", "version"), NODES.items())
def test_a_node_starts_with_these_settings(service: str, version: str, start_node: Callable[..., Node]) -> None:
    node = start_node(version, settings=settings(service))
    info = node.ask("GET", "/_nodes/_local/settings,jvm?flat_settings=true")
    (said,) = info["nodes"].values()
    assert info["cluster_name"] == "biocpt"
    assert settings(service).items() <= said["settings"].items()


def test_the_health_check_passes_on_a_secured_node_and_fails_without_one(secured_node: SecuredNode) -> None:
    """Before its users are set up a node answers 503, which the check does not take."""
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed; OpenSearch's image has it.")
    kind, command = services()["opensearch"]["healthcheck"]["test"]
    assert kind == "CMD-SHELL"
    port = secured_node.url.rpartition(":")[2]
    run = [subprocess.run(["sh", "-c", command.replace("9200", each)], check=False).returncode for each in (port, "1")]
    assert run == [0, 1]
