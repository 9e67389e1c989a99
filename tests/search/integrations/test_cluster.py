"""The retriever of Haystack on an index in OpenSearch: the folder's answers, and a user's secret by its variable."""

from pathlib import Path

import pytest
from haystack.utils import Secret

from indexer.engines.location import Access, Location
from indexer.engines.opensearch.connecting.rights import READER, WRITER
from indexer.errors import IndexerError
from search.integrations.haystack import BioCPTRetriever
from tests.indexer.attach import museum
from tests.indexer.attach.museum import sources
from tests.opensearch.secured import PASSWORD, SecuredNode
from tests.opensearch.server import Server
from tests.search.cli import running
from tests.search.integrations.invented import ARTICLES, make_index

QUESTION = "statins and stroke"
FILTERS = {
    "operator": "AND",
    "conditions": [
        {"field": "meta.year", "operator": ">=", "value": 2012},
        {"operator": "NOT", "conditions": [{"field": "meta.mesh", "operator": "==", "value": "Aspirin"}]},
    ],
}


@pytest.mark.slow
def test_documents_and_filters_are_those_of_a_folder(home: Path, index: str, node: Server, fresh_index: str) -> None:
    url = f"{node.url}/{fresh_index}"
    make_index(home, url)
    here, there = (BioCPTRetriever(place, home=str(home), rerank="none", mode="dense") for place in (index, url))
    for filters in (None, FILTERS):
        ours = here.run(QUESTION, filters=filters, top_k=24)["documents"]
        found = there.run(QUESTION, filters=filters, top_k=24)["documents"]
        assert {each.id: each.content for each in found} == {each.id: each.content for each in ours}
        assert [each.score for each in found] == pytest.approx([each.score for each in ours], rel=1e-4)
    assert 0 < len(ours) < len(ARTICLES)
    here.close()
    there.close()


@pytest.mark.slow
def test_an_index_that_is_attached_to_is_filtered_by_what_it_has(home: Path, node_36: Server, fresh_index: str) -> None:
    url = museum.make(node_36, fresh_index, museum.tools(50)).name
    done = running.biocpt("attach", url, "--apply", environment={"BIOCPT_HOME": str(home)})
    assert done.returncode == 0, done.stderr
    conditions = [
        {"field": "meta.extra.material", "operator": "in", "value": ["beech", "Iron"]},
        {"field": "meta.year", "operator": "<=", "value": 1930},
    ]
    retriever = BioCPTRetriever(url, home=str(home), top_k=50, filters={"operator": "AND", "conditions": conditions})
    found = retriever.run("what smooths oak boards")["documents"]
    retriever.close()
    wanted = {
        id
        for id, said in sources(node_36, fresh_index).items()
        if {"Beech", "iron"} & set(said["material"]) and said["acquired"][:4] <= "1930"
    }
    assert {document.id for document in found} == wanted
    assert wanted
    assert all({"Beech", "iron"} & set(document.meta["extra"]["material"]) for document in found)


@pytest.mark.slow
def test_a_secret_lets_the_retriever_into_a_cluster(
    home: Path, secured_node: SecuredNode, fresh_index: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    secured_node.put_role("haystack-writer", cluster=WRITER.cluster, indices={f"{fresh_index}*": WRITER.index})
    secured_node.put_role("haystack-reader", cluster=READER.cluster, indices={f"{fresh_index}*": READER.index})
    writer = secured_node.put_user("haystack-writer", roles=["haystack-writer"])
    reader = secured_node.put_user("haystack-reader", roles=["haystack-reader"])
    url = f"{secured_node.url}/{fresh_index}"
    make_index(home, Location(url, Access(user=writer.user, password=PASSWORD, ca=writer.ca)))

    monkeypatch.setenv("WARD_PASSWORD", PASSWORD)
    made = BioCPTRetriever(
        url, home=str(home), user=reader.user, password=Secret.from_env_var("WARD_PASSWORD"), ca=str(reader.ca)
    )
    again = BioCPTRetriever.from_dict(made.to_dict())
    assert len(again.run(QUESTION, top_k=5)["documents"]) == 5
    again.close()
    monkeypatch.setenv("WARD_PASSWORD", "not-the-one")
    with pytest.raises(IndexerError, match="does not accept user 'haystack-reader'") as refused:
        BioCPTRetriever.from_dict(made.to_dict()).run(QUESTION)
    assert "not-the-one" not in str(refused.value)
