"""docs/opensearch.md: its roles are those of the code and are taken by a server, and its scripts are such."""

import json
import re
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from indexer.engines.location import Access, Location
from indexer.engines.opensearch.connecting.address import parse
from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.opensearch.connecting.rights import ROLES
from indexer.engines.opensearch.planning import capacity
from tests.opensearch.secured import SecuredNode

GUIDE = (Path(__file__).parents[1] / "docs" / "opensearch.md").read_text(encoding="utf-8")
BLOCKS = [re.sub(r"^    ", "", block, flags=re.M) for block in re.findall(r"(?:^(?:    .*)?\n)+", GUIDE, flags=re.M)]
PUT_ROLE = re.compile(r"PUT /(_plugins/_security/api/roles/(\S+))\n(\{.*\})\s*", re.DOTALL)
BODIES: dict[str, Any] = {}
for _block in BLOCKS:
    if _found := PUT_ROLE.fullmatch(_block.strip()):
        BODIES[_found[2]] = json.loads(_found[3])


def rights(body: dict[str, Any]) -> tuple[set[str], set[str]]:
    """Those in the cluster, and those in indexes."""
    in_indexes = {right for part in body.get("index_permissions", []) for right in part["allowed_actions"]}
    return set(body["cluster_permissions"]), in_indexes


def test_the_roles_are_those_that_errors_name_and_tests_use() -> None:
    shown = {name: rights(body) for name, body in BODIES.items()}
    assert shown == {role.name: ({*role.cluster, *role.useful}, {*role.index, *role.useful_index}) for role in ROLES}


def test_what_is_missed_without_a_useful_right_is_said() -> None:
    table = GUIDE.partition("| right | without it |")[2].partition("\n\n")[0]
    useful = {right for role in ROLES for right in (*role.useful, *role.useful_index)}
    assert {right for right in useful if f"`{right}`" not in table} == set()


def test_the_script_for_slurm_parses() -> None:
    (script,) = [block for block in BLOCKS if "#SBATCH" in block]
    subprocess.run(["bash", "-n"], input=script, text=True, check=True)


@pytest.mark.slow
def test_a_server_takes_the_roles_as_they_are_written(secured_node: SecuredNode) -> None:
    for name, body in BODIES.items():
        said = secured_node.ask("PUT", f"/_plugins/_security/api/roles/{name}", body)
        assert said["status"] in ("CREATED", "OK")
    planner = secured_node.put_user("planner-of-the-guide", roles=["biocpt-planner"])
    access = Access(user=planner.user, password=planner.password, ca=planner.ca)
    location = Location(f"{secured_node.url}/pubmed", access)
    with closing(Cluster(parse(location.name), access)) as cluster:
        assert capacity.read(cluster).has_knn
