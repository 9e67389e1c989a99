"""The commands on a cluster with TLS and users: secrets by environment and file, and one line where they are wrong."""

from pathlib import Path

import pytest

from indexer.engines.opensearch.connecting.rights import READER, WRITER
from tests.indexer.pubmed_files import Entry, write
from tests.opensearch.secured import PASSWORD, SecuredNode
from tests.search.cli.in_process import Command

pytestmark = pytest.mark.slow


def test_an_index_is_copied_into_a_secured_cluster_and_searched_there(
    biocpt: Command, monkeypatch: pytest.MonkeyPatch, secured_node: SecuredNode, fresh_index: str, tmp_path: Path
) -> None:
    file = write(tmp_path / "pubmed26n0001.xml", [Entry("1", title="Aspirin."), Entry("2"), Entry("3")])
    assert biocpt("index", file, "--index", tmp_path / "index", "--model", "none").code == 0
    secured_node.put_role("cli", cluster=WRITER.cluster, indices={f"{fresh_index}*": WRITER.index})
    who = secured_node.put_user("cli", roles=["cli"])
    secret = tmp_path / "password"
    secret.write_text(f"{PASSWORD}\n", encoding="utf-8")
    monkeypatch.setenv("BIOCPT_OPENSEARCH_PASSWORD_FILE", str(secret))
    monkeypatch.setenv("BIOCPT_OPENSEARCH_CA_CERT", str(who.ca))
    url = f"{secured_node.url}/{fresh_index}"
    copied = biocpt("copy", tmp_path / "index", url, "--user", who.user, "--json")
    assert (copied.code, copied.json["added"]) == (0, 3)
    monkeypatch.setenv("BIOCPT_OPENSEARCH_USER", who.user)
    monkeypatch.setenv("BIOCPT_INDEX", url)
    found = biocpt("search", "aspirin", "--mode", "lexical", "--rerank", "none", "--json").json
    assert [hit["id"] for hit in found["hits"]] == ["1"]
    assert biocpt("verify").code == 0
    for command in ("info", "doctor"):
        answer = biocpt(command, "--json")
        assert answer.code == 0
        assert url in answer.out
        assert PASSWORD not in answer.out + answer.err
    back = biocpt("copy", url, tmp_path / "back", "--json")
    assert (back.code, back.json["added"]) == (0, 3)


def test_who_may_not_is_told_so_in_one_line(
    biocpt: Command, monkeypatch: pytest.MonkeyPatch, secured_node: SecuredNode, fresh_index: str, tmp_path: Path
) -> None:
    secured_node.put_role("cli-reader", cluster=READER.cluster, indices={f"{fresh_index}*": READER.index})
    who = secured_node.put_user("cli-reader", roles=["cli-reader"])
    file = write(tmp_path / "pubmed26n0001.xml", [Entry("1")])
    asked = ("index", file, "--model", "none", "--index", f"{secured_node.url}/{fresh_index}", "--user", who.user)
    for password, ca, said in (
        ("not-the-one", str(who.ca), "does not accept user 'cli-reader'"),
        (PASSWORD, str(who.ca), "lacks the right 'cluster:monitor/main'"),
        (PASSWORD, "", "is not trusted"),
    ):
        monkeypatch.setenv("BIOCPT_OPENSEARCH_PASSWORD", password)
        answer = biocpt(*asked, *(("--ca-cert", ca) if ca else ()))
        assert (answer.code, answer.out, len(answer.err.splitlines())) == (1, "", 1)
        assert said in answer.err
        assert password not in answer.err
    assert secured_node.ask("GET", f"/{fresh_index}*") == {}
