"""`biocpt attach` as people type it: proposed, applied, searched, mended, taken back; and killed on the way."""

import json
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

from tests.disturbing import environment
from tests.indexer.attach import museum
from tests.indexer.attach.museum import canonical, sources
from tests.opensearch.faults import PATIENCE
from tests.opensearch.server import Server
from tests.search.cli.in_process import Command

pytestmark = pytest.mark.slow

TEXT_ONLY = {"properties": {name: said for name, said in museum.MAPPING["properties"].items() if name != "makers"}}


@pytest.fixture
def biocpt(biocpt: Command, home: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Finds its models without being told."""
    monkeypatch.setenv("BIOCPT_HOME", str(home))
    monkeypatch.setenv("BIOCPT_THREADS", "1")
    return biocpt


def test_an_index_is_looked_at_attached_searched_mended_and_given_back(
    biocpt: Command, node: Server, fresh_index: str, tmp_path: Path
) -> None:
    url = museum.make(node, fresh_index, museum.tools(50), mapping=TEXT_ONLY).name
    before = sources(node, fresh_index)

    shown = biocpt("attach", url)
    assert (shown.code, shown.err.count("\n")) == (0, 1)
    said = tomllib.loads(shown.out)
    assert (said["title"], said["text"], said["year"]) == ("name", ["story"], "acquired")
    map_file = tmp_path / "map.toml"
    map_file.write_text(shown.out.replace('"wing" = "wing"', '"journal" = "wing"'), encoding="utf-8")
    assert sources(node, fresh_index) == before
    checked = biocpt("attach", url, "--map", map_file)
    assert (checked.code, checked.out) == (0, "")
    assert "Every field of the map is there" in checked.err

    dry = biocpt("attach", url, "--map", map_file, "--apply", "--dry-run", "--json").json
    assert (dry["encoded"], dry["with_vector"]) == (50, 0)
    assert set(museum.OURS) == set(dry["mapping"]["properties"])
    assert sources(node, fresh_index) == before

    done = biocpt("attach", url, "--map", map_file, "--apply")
    assert (done.code, done.err) == (0, "")
    assert "50 documents, 50 with a vector" in done.out
    assert canonical(sources(node, fresh_index)) == canonical(before)

    asked = ("search", "smooths oak boards", "--index", url, "--json", "--limit", "50")
    found = biocpt(*asked).json
    assert found["reranker"]
    assert {"lexical", "dense"} <= {name for hit in found["hits"] for name in hit["lists"]}
    assert {hit["id"] for hit in found["hits"]} <= set(before)
    south = biocpt(*asked, "--journal", "south", "--filter", "material=beech", "--year", "1901-1950").json["hits"]
    wanted = {
        id
        for id, said in before.items()
        if said["wing"] == "South" and said["material"] == ["Beech"] and "1901" <= said["acquired"][:4] <= "1950"
    }
    assert {hit["id"] for hit in south} == wanted
    refused = biocpt(*asked, "--mesh", "Aspirin")
    assert (refused.code, refused.err.count("\n")) == (1, 1)
    assert "no field for the filter 'mesh'" in refused.err

    info = biocpt("info", "--index", url)
    assert (info.code, "National Library" in info.out) == (0, False)
    assert "attached" in info.out
    assert biocpt("similar", "tool/3 é", "--index", url, "--json").json["hits"][0]["id"] in before
    assert biocpt("show", "tool/3 é", "--index", url).code == 0

    museum.store(node, fresh_index, {"new": museum.tool(77)})
    synced = biocpt("attach", "sync", url, "--json").json
    assert (synced["encoded"], synced["fresh"], synced["with_vector"]) == (1, 50, 51)

    undone = biocpt("attach", url, "--undo")
    assert (undone.code, undone.err) == (0, "")
    assert "stay in its mapping, empty" in undone.out
    assert sources(node, fresh_index) == {**before, "new": museum.tool(77)}
    assert biocpt(*asked).code == 1


def test_what_cannot_be_attached_is_one_line(biocpt: Command, node_36: Server, fresh_index: str) -> None:
    url = museum.make(node_36, fresh_index, museum.tools(2), settings={"knn": False}).name
    for arguments, said in (
        (("attach", url, "--apply"), "without index.knn"),
        (("attach", f"{url}-x", "--apply"), "There is no index"),
        (("attach", "sync", url), "Nothing is attached"),
        (("attach", url, "--undo"), "Nothing is attached"),
        (("search", "oak", "--index", url), "attach them: `biocpt attach"),
    ):
        answer = biocpt(*arguments)
        assert (answer.code, answer.out, answer.err.count("\n")) == (1, "", 1), answer
        assert said in answer.err
    assert biocpt("attach", "folder").code == 2
    assert biocpt("attach", url, "--apply", "--undo").code == 2


def test_an_index_without_knn_is_searched_through_a_side_car(
    biocpt: Command, node_36: Server, fresh_index: str, tmp_path: Path
) -> None:
    url = museum.make(node_36, fresh_index, museum.tools(30), settings={"knn": False}, mapping=TEXT_ONLY).name
    car = tmp_path / "car"
    assert "--sidecar" in biocpt("attach", url).err
    done = biocpt("attach", url, "--sidecar", car, "--apply", "--json").json
    assert (done["encoded"], done["with_vector"]) == (30, 30)
    found = biocpt("search", "smooths oak boards", "--index", car, "--filter", "wing=north", "--json").json
    assert {name for hit in found["hits"] for name in hit["lists"]} == {"lexical", "dense"}
    assert all(museum.tool(int(hit["id"].split()[0][5:]))["wing"] == "North" for hit in found["hits"])
    assert biocpt("attach", "sync", url, "--sidecar", car, "--json").json["fresh"] == 30
    assert "attached" in biocpt("info", "--index", car).out
    assert biocpt("attach", url, "--sidecar", car, "--undo").code == 2
    assert biocpt("optimize", "--index", car).code == 0
    again = biocpt("search", "smooths oak boards", "--index", car, "--filter", "wing=north", "--json").json
    assert [hit["id"] for hit in again["hits"]] == [hit["id"] for hit in found["hits"]]


def test_an_index_of_theirs_is_not_loaded_verified_or_copied_and_each_command_says_so(
    biocpt: Command, node_36: Server, fresh_index: str, tmp_path: Path
) -> None:
    """In place, and beside it in the cluster."""
    url = museum.make(node_36, fresh_index, museum.tools(5), mapping=TEXT_ONLY).name
    car = f"{url}-car"
    assert biocpt("attach", url, "--apply").code == 0
    assert biocpt("attach", url, "--sidecar", car, "--apply").code == 0
    articles = tmp_path / "articles.jsonl"
    articles.write_text('{"id": "1", "title": "Oak", "abstract": "Boards."}\n', encoding="utf-8")
    before = museum.sources(node_36, fresh_index)
    for index, sync in ((url, f"biocpt attach sync {url}"), (car, f"biocpt attach sync {url} --sidecar {car}")):
        for command in (
            ("index", articles, "--index", index),
            ("index", articles, "--index", index, "--rebuild"),
            ("delete", "tool/3 é", "--index", index),
            ("verify", "--index", index),
            ("copy", index, tmp_path / "copy"),
        ):
            answer = biocpt(*command)
            assert (answer.code, answer.out, answer.err.count("\n")) == (1, "", 1), answer
            assert f"`{sync}" in answer.err
        asked = ("search", "smooths oak boards", "--index", index, "--json")
        assert {hit["id"] for hit in biocpt(*asked).json["hits"]} == set(museum.tools(5))
    assert museum.sources(node_36, fresh_index) == before
    assert not (tmp_path / "copy").exists()
    assert biocpt("optimize", "--index", car).code == 0
    assert biocpt("attach", "sync", url, "--sidecar", car, "--dry-run", "--json").json["fresh"] == 5


def command_line(url: str, home: Path, *options: str) -> list[str]:
    start = [sys.executable, "-c", "from search.cli import main; main()", "attach", url, "--apply", "--json"]
    return [*start, "--home", str(home), "--model", "medcpt", "--threads", "1", *options]


def with_vector(node: Server, index: str) -> int:
    """Documents that have one by now."""
    node.ask("POST", f"/{index}/_refresh")
    return int(node.ask("POST", f"/{index}/_count", {"query": {"exists": {"field": "biocpt_model"}}})["count"])


def test_a_killed_run_goes_on_where_it_was(node: Server, fresh_index: str, home: Path) -> None:
    url = museum.make(node, fresh_index, museum.tools(3_000)).name
    before = sources(node, fresh_index)
    held = [0]
    for _ in range(2):
        command = command_line(url, home, "--max-docs-per-second", "150")
        with subprocess.Popen(command, env=environment(), stdout=subprocess.DEVNULL) as process:
            until = time.monotonic() + PATIENCE
            while with_vector(node, fresh_index) <= held[-1] and process.poll() is None:
                assert time.monotonic() < until
                time.sleep(0.05)
            process.send_signal(signal.SIGKILL)
        held.append(with_vector(node, fresh_index))
    assert 0 < held[1] < held[2] < 3_000, "the kills fell outside of the run"
    done = subprocess.run(command_line(url, home), env=environment(), capture_output=True, check=True, timeout=PATIENCE)
    said = json.loads(done.stdout)
    assert 0 < said["found"] <= 3_000 - held[2]  # what was under way when it was killed may have arrived after
    assert said["read"] == said["encoded"] == said["found"]
    assert (said["documents"], said["with_vector"]) == (3_000, 3_000)
    assert canonical(sources(node, fresh_index)) == canonical(before)
