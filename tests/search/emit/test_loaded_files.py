"""Files of documents, sent to `_bulk`: searches answer as from an index that `biocpt index` loaded."""

import gzip
import re
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import orjson
import pytest
import urllib3

from indexer.article import Deletion
from indexer.article_json import to_json
from indexer.engines import open_reader
from indexer.engines.location import Location
from indexer.engines.protocol import Reader
from indexer.ingest import ingest
from indexer.rejects import Rejects
from search.emit.loading import FileOptions, open_files
from search.indexing import LoadOptions, open_load
from search.opening import SearcherOptions, open_searcher
from search.request import SearchRequest
from tests.opensearch.server import Server
from tests.opensearch.servers import Servers
from tests.search.emit import corpus
from tests.search.emit.test_curl import needs_curl

pytestmark = [pytest.mark.slow]

GUIDE = Path(__file__).parents[3] / "docs" / "request-bodies.md"
QUESTIONS = ("statin trial of women", "asthma inhaler", "kidney dialysis and bone density")
LINE = {"2.19.1": "opensearch-2", "3.6.0": "opensearch-3"}


@dataclass(frozen=True)
class Sources:
    """Files to load, in which one article comes twice and one is deleted."""

    files: list[Path]
    home: Path

    @property
    def options(self) -> LoadOptions:
        return LoadOptions(home=self.home, model="medcpt")


@pytest.fixture(scope="module")
def sources(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Sources:
    folder = tmp_path_factory.mktemp("sources")
    held = corpus.articles(90)
    texts = [[to_json(article, without=("order",)) for article in held[:60]]]
    newer = {**orjson.loads(to_json(held[0], without=("order",))), "title": "Asthma inhaler of a newer kind"}
    texts.append([orjson.dumps(newer), *(to_json(article, without=("order",)) for article in held[60:])])
    files = []
    for number, rows in enumerate(texts):
        files.append(folder / f"articles-{number}.jsonl")
        files[-1].write_bytes(b"".join(row + b"\n" for row in rows))
    return Sources(files, home)


@pytest.fixture(scope="module")
def loaded(node: Server, servers: Servers, sources: Sources) -> Iterator[str]:
    """The same files, loaded by ourselves."""
    name = f"emit-{uuid.uuid4().hex[:10]}"
    location = f"{node.url}/{name}"
    try:
        writer, encoder = open_load(Location(location), sources.options)
        with closing(writer):
            for _ in ingest(sources.files, writer, encoder, rejects=Rejects(None)):
                continue
            assert writer.publish().is_served
        settle(node, name)
        yield location
    finally:
        servers.delete(name)


def write(sources: Sources, to: Path, files: FileOptions) -> None:
    with open_files(to, files, sources.options) as opened:
        for _ in ingest(sources.files, opened.writer, opened.encoder, rejects=Rejects(None)):
            continue


def send(node: Server, path: str, part: Path) -> None:
    """One file as it is, packed or not."""
    headers = {"Content-Type": "application/x-ndjson"}
    if part.suffix == ".gz":
        headers["Content-Encoding"] = "gzip"
    answer = urllib3.request(
        "POST", node.url + path, body=part.read_bytes(), headers=headers, timeout=60, retries=False
    )
    said = orjson.loads(answer.data)
    statuses = {item["index"]["status"] for item in said["items"]}
    assert statuses <= {200, 201, 409}, said  # 409: a newer record of that id is there


def settle(node: Server, index: str) -> None:
    """Have replaced documents no longer count in how rare a word is."""
    node.ask("POST", f"/{index}/_refresh")
    node.ask("POST", f"/{index}/_forcemerge?max_num_segments=1")
    node.ask("POST", f"/{index}/_refresh")


def answers(location: str, home: Path) -> list[object]:
    with closing(open_searcher(Location(location), SearcherOptions(home=home))) as searcher:
        found = [searcher.search(SearchRequest(query=question, limit=40, depth=50)) for question in QUESTIONS]
    return [
        [(each.id, each.article.title, round(each.score, 4), each.ranks) for each in response.results]
        for response in found
    ]


@pytest.mark.parametrize("is_packed", [False, True])
def test_a_search_answers_as_from_an_index_that_biocpt_loaded(
    node: Server, sources: Sources, loaded: str, fresh_index: str, tmp_path: Path, is_packed: bool
) -> None:
    folder = tmp_path / "to"
    write(sources, folder, FileOptions(alias=fresh_index, most=60_000, is_packed=is_packed))
    node.ask("PUT", f"/{fresh_index}-v1", orjson.loads((folder / f"{LINE[node.version]}.json").read_bytes()))
    parts = sorted(folder.glob("part-*"))
    assert len(parts) > 2
    for part in parts:
        send(node, f"/{fresh_index}/_bulk", part)
    settle(node, fresh_index)
    location = f"{node.url}/{fresh_index}"
    assert answers(location, sources.home) == answers(loaded, sources.home)
    with closing(open_reader(Location(location))) as ours, closing(open_reader(Location(loaded))) as theirs:
        assert facts(ours) == facts(theirs)


def test_files_may_be_loaded_in_any_order_and_more_than_once(
    node: Server, sources: Sources, loaded: str, fresh_index: str, tmp_path: Path
) -> None:
    """The newest record of each id is kept; how rare a word is counts what was replaced for a while, so no scores."""
    folder = tmp_path / "to"
    write(sources, folder, FileOptions(alias=fresh_index, most=60_000))
    node.ask("PUT", f"/{fresh_index}-v1", orjson.loads((folder / f"{LINE[node.version]}.json").read_bytes()))
    parts = sorted(folder.glob("part-*"))
    for part in reversed(parts):
        send(node, f"/{fresh_index}/_bulk", part)
    send(node, f"/{fresh_index}-v1-write/_bulk?require_alias=true", parts[0])
    node.ask("POST", f"/{fresh_index}/_refresh")
    here, there = Location(f"{node.url}/{fresh_index}"), Location(loaded)
    with closing(open_reader(here)) as ours, closing(open_reader(there)) as theirs:
        assert facts(ours) == facts(theirs)
        ids = [article.id for article in corpus.articles(90)]
        assert ours.fetch(ids) == theirs.fetch(ids)
        for mine, other in zip(ours.vectors(ids), theirs.vectors(ids), strict=True):
            assert mine is not None
            assert other is not None
            assert mine == pytest.approx(other, rel=1e-4, abs=1e-5)


def facts(reader: Reader) -> list[object]:
    """What an index says that it holds."""
    said = reader.info()
    return [said.articles, said.vectors, said.tombstones, said.space, said.state, said.data_date]


@needs_curl
def test_the_lines_of_the_guide_load_them(
    node: Server, sources: Sources, loaded: str, fresh_index: str, tmp_path: Path
) -> None:
    """docs/request-bodies.md, with this node's address, line and name of the index."""
    write(sources, tmp_path / "emitted", FileOptions(alias=fresh_index, most=60_000))
    (block,) = re.findall(r"(?:^    .*\n)*^    export CLUSTER=.*\n(?:^    .*\n)*", GUIDE.read_text("utf-8"), re.M)
    text = re.sub(r"^    ", "", block, flags=re.M).partition("biocpt search")[0]
    for written, meant in (
        ("http://localhost:9200", node.url),
        ("/pubmed", f"/{fresh_index}"),
        ("opensearch-3", LINE[node.version]),
    ):
        assert written in text
        text = text.replace(written, meant)
    done = subprocess.run(["bash", "-ec", text], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    settle(node, fresh_index)
    assert answers(f"{node.url}/{fresh_index}", sources.home) == answers(loaded, sources.home)


def test_documents_alone_make_the_same_index_when_a_tool_gives_them_id_and_version(
    node: Server, sources: Sources, loaded: str, fresh_index: str, tmp_path: Path
) -> None:
    """As Logstash and Data Prepper do, told to take `id` and `order`; neither was run."""
    folder = tmp_path / "to"
    write(sources, folder, FileOptions(alias=fresh_index, shape="documents"))
    node.ask("PUT", f"/{fresh_index}-v1", orjson.loads((folder / f"{LINE[node.version]}.json").read_bytes()))
    lines = [line for part in folder.glob("part-*") for line in part.read_bytes().splitlines()]
    body = b""
    for line in lines:
        document = orjson.loads(line)
        action = {"_id": document["id"], "version": str(document["order"]), "version_type": "external_gte"}
        body += orjson.dumps({"index": action}) + b"\n" + line + b"\n"
    node.ask("POST", f"/{fresh_index}/_bulk", body)
    settle(node, fresh_index)
    assert answers(f"{node.url}/{fresh_index}", sources.home) == answers(loaded, sources.home)


def test_biocpt_index_goes_on_with_such_an_index_as_with_its_own(
    node: Server, sources: Sources, loaded: str, fresh_index: str, tmp_path: Path
) -> None:
    folder = tmp_path / "to"
    write(sources, folder, FileOptions(alias=fresh_index))
    node.ask("PUT", f"/{fresh_index}-v1", orjson.loads((folder / f"{LINE[node.version]}.json").read_bytes()))
    for part in sorted(folder.glob("part-*")):
        send(node, f"/{fresh_index}/_bulk?refresh=true", part)
    location = Location(f"{node.url}/{fresh_index}")
    writer, encoder = open_load(location, LoadOptions(home=sources.home))
    with closing(writer):
        *_, last = ingest(sources.files, writer, encoder, rejects=Rejects(None))
        assert (last.counts.added, last.counts.replaced) == (0, 91)  # files without a number come once more
        writer.delete([Deletion(id="T1", order=1 << 62)])
        writer.commit()
        assert writer.publish().is_served
    with closing(open_reader(location)) as reader:
        assert reader.fetch(["T1", "T2"])[0] is None
        assert reader.info().tombstones == 1


def test_packed_parts_hold_what_plain_ones_do(sources: Sources, tmp_path: Path) -> None:
    write(sources, tmp_path / "plain", FileOptions())
    write(sources, tmp_path / "packed", FileOptions(is_packed=True))
    plain = [part.read_bytes() for part in sorted((tmp_path / "plain").glob("part-*"))]
    packed = [gzip.decompress(part.read_bytes()) for part in sorted((tmp_path / "packed").glob("part-*"))]
    assert plain == packed
