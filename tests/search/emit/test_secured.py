"""A script for a cluster with TLS and users, who may search and nothing else."""

import subprocess
from contextlib import closing
from pathlib import Path

import orjson
import pytest

from indexer.engines import open_reader, open_writer
from indexer.engines.location import Access, Location
from indexer.engines.opensearch.connecting.rights import READER, WRITER
from search.emit.curl import script
from search.emit.opensearch import emission
from search.searcher import Searcher
from tests.opensearch.secured import PASSWORD, SecuredNode
from tests.search.emit import corpus
from tests.search.emit.test_curl import needs_curl
from tests.search.emit.test_replayed import QUESTION

pytestmark = pytest.mark.slow


@needs_curl
def test_the_script_is_let_in_as_who_asked_for_it(secured_node: SecuredNode, fresh_index: str, tmp_path: Path) -> None:
    url, makes, held = f"{secured_node.url}/{fresh_index}", corpus.encoder("cosine"), corpus.articles(60)
    for name, role in (("emits", READER), ("fills", WRITER)):
        secured_node.put_role(name, cluster=role.cluster, indices={f"{fresh_index}*": role.index})
        secured_node.put_user(name, roles=[name])
    fills = Location(url, Access(user="fills", password=PASSWORD, ca=secured_node.identity.ca))
    with closing(open_writer(fills, space=makes.space)) as writer:
        rows = makes.encode([article.passage for article in held])
        writer.write(held, {article.id: row for article, row in zip(held, rows, strict=True)})
        writer.publish()
    access = Access(user="emits", password=PASSWORD, ca=secured_node.identity.ca)
    with closing(open_reader(Location(url, access))) as reader:
        searcher = Searcher(reader, makes)
        emitted = emission(searcher, QUESTION)
        (ranking,) = searcher.rank_all([QUESTION])
    assert any("may not see the server's version" in note for note in emitted.notes)
    text = script(emitted, access)
    assert PASSWORD not in text
    first = text[: text.index("\nJSON\n") + len("\nJSON\n")]
    environment = {"PATH": "/usr/bin:/bin:/usr/local/bin", "BIOCPT_OPENSEARCH_PASSWORD": PASSWORD}
    done = subprocess.run(["bash", "-c", first], capture_output=True, env=environment, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    said = orjson.loads(done.stdout)["responses"]
    found = [[hit["sort"][-1] for hit in each["hits"]["hits"]] for each in said]
    assert found == [[hit.id for hit in each] for each in ranking.lists.values()]
    refused = subprocess.run(
        ["bash", "-c", first],
        capture_output=True,
        env={**environment, "BIOCPT_OPENSEARCH_PASSWORD": "another"},
        timeout=60,
        check=False,
    )
    assert refused.returncode == 22
