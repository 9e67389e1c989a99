"""docs/attach.md: its three commands give a text-only index hybrid search, on both lines of OpenSearch."""

import re
import shlex
from pathlib import Path

import pytest

from tests.indexer.attach import museum
from tests.onnx_models import checkpoints
from tests.opensearch.server import Server
from tests.search.cli.in_process import Command, biocpt

__all__ = ["biocpt"]

GUIDE = (Path(__file__).parents[1] / "docs" / "attach.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"^    biocpt (.*)$", GUIDE.partition("## Three commands")[2].partition("\n## ")[0], flags=re.M)
TEXT_ONLY = {"title": {"type": "text"}, "abstract": {"type": "text"}}


@pytest.mark.slow
def test_the_three_commands_give_a_text_only_index_hybrid_search(
    biocpt: Command, node: Server, fresh_index: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoints.install(tmp_path, "medcpt")
    monkeypatch.setenv("BIOCPT_HOME", str(tmp_path))
    monkeypatch.setenv("BIOCPT_THREADS", "1")
    documents = {id: {"title": said["name"], "abstract": said["story"]} for id, said in museum.tools(25).items()}
    url = museum.make(node, fresh_index, documents, mapping={"properties": TEXT_ONLY}).name
    look, apply, search = (shlex.split(line.replace("http://localhost:9200/papers", url)) for line in SHOWN)
    assert 'title = "title"' in biocpt(*look).out
    assert "25 documents, 25 with a vector" in biocpt(*apply).out
    found = biocpt(*search, "--json", "--limit", "25").json  # of random weights, so all that it finds
    assert (found["mode"], len(found["hits"])) == ("hybrid", 25)
    assert all("dense" in hit["lists"] for hit in found["hits"])
    assert any("lexical" in hit["lists"] for hit in found["hits"])
