"""An index with vectors on a shared server, whose search pipelines go when the test is over."""

import uuid
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import Any

import pytest

from indexer.article import Article
from indexer.engines import open_writer
from indexer.engines.location import Location
from indexer.engines.opensearch.pipelines.bodies import KINDS, WITHOUT_MODELS, Making, Weighing, name_of
from indexer.engines.opensearch.pipelines.installing import Wish
from indexer.engines.writing import WriteOptions
from tests.doubles import HashEncoder
from tests.opensearch.server import Refusal, Server
from tests.opensearch.servers import Servers

ENCODER = HashEncoder(dimension=8)
ARTICLES = [Article(id=str(n), order=1, title=f"Aspirin {n}", abstract="Of hearts.") for n in range(6)]
EVEN = Weighing(rank_constant=60, dense_weight=0.5)


@dataclass(frozen=True)
class Place:
    """Where the index is, and the server to ask without our code."""

    location: Location
    alias: str
    server: Server

    def load(self, *, rebuild: bool = False) -> None:
        vectors = dict(zip((a.id for a in ARTICLES), ENCODER.encode([a.passage for a in ARTICLES]), strict=True))
        with closing(open_writer(self.location, space=ENCODER.space, options=WriteOptions(rebuild=rebuild))) as writer:
            writer.ledger.arrival("a.jsonl", "digest")
            writer.write(ARTICLES, vectors)
            writer.commit()
            assert writer.publish().is_served

    def pipeline(self, name: str) -> Any:
        """What the server says of it; None where there is none."""
        with suppress(Refusal):
            return self.server.ask("GET", f"/_search/pipeline/{name}")[name]
        return None

    def default(self, version: int = 1) -> str | None:
        found = self.server.ask("GET", f"/{self.alias}-v{version}/_settings?flat_settings=true")
        setting: str | None = found[f"{self.alias}-v{version}"]["settings"].get("index.search.default_pipeline")
        return setting

    def put(self, name: str, description: str = "of somebody else") -> str:
        """A pipeline of somebody else's that does nothing to a search."""
        body = {"description": description, "response_processors": [{"hybrid_score_explanation": {}}]}
        self.server.ask("PUT", f"/_search/pipeline/{name}", body)
        return name


@pytest.fixture(scope="module")
def loaded(node: Server, servers: Servers) -> Iterator[Place]:
    """An index for all tests of a file."""
    alias = f"test-pipelines-{uuid.uuid4().hex[:12]}"
    where = Place(Location(f"{node.url}/{alias}"), alias, node)
    where.load()
    yield where
    servers.delete(alias)


@pytest.fixture
def place(loaded: Place) -> Iterator[Place]:
    """The same, for a test that does no harm to the index itself; without a pipeline and a default afterwards."""
    yield loaded
    loaded.server.ask("PUT", f"/{loaded.alias}/_settings", {"index.search.default_pipeline": None})
    without_pipelines(loaded)


@pytest.fixture
def own_place(node: Server, fresh_index: str) -> Iterator[Place]:
    """An index of a test's own."""
    where = Place(Location(f"{node.url}/{fresh_index}"), fresh_index, node)
    where.load()
    yield where
    node.ask("DELETE", f"/{fresh_index}*?expand_wildcards=all&ignore_unavailable=true")
    without_pipelines(where)


def without_pipelines(where: Place) -> None:
    for name in (*(name_of(where.alias, kind) for kind in KINDS), f"{where.alias}-theirs"):
        if where.pipeline(name) is not None:
            where.server.ask("DELETE", f"/_search/pipeline/{name}")


def wish(*kinds: str, default: str = "", force: bool = False, weighing: Weighing = EVEN) -> Wish:
    return Wish(kinds=kinds or WITHOUT_MODELS, default=default, force=force, making=Making(weighing=weighing))
