"""A cluster with TLS and users: who is let in, and that the roles of the docs are enough and hold nothing too much."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from indexer.article import Article, Deletion
from indexer.copying import copy
from indexer.engines import drop_versions, open_ledger, open_reader, open_writer
from indexer.engines.location import Access, Location
from indexer.engines.opensearch.connecting.address import parse
from indexer.engines.opensearch.connecting.capabilities import capabilities, require
from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.opensearch.connecting.connection_errors import (
    HiddenVersion,
    MissingRight,
    NotLetIn,
    UntrustedCertificate,
    WrongScheme,
)
from indexer.engines.opensearch.connecting.rights import PIPELINES, PLANNER, READER, WRITER, Role
from indexer.engines.opensearch.errors import ClusterUnreachable
from indexer.engines.opensearch.pipelines.bodies import WITHOUT_MODELS, Making, Weighing
from indexer.engines.opensearch.pipelines.installing import Wish, install
from indexer.engines.opensearch.pipelines.removing import remove
from indexer.engines.opensearch.pipelines.standing import overview
from indexer.engines.opensearch.planning import capacity
from indexer.engines.writing import WriteOptions
from indexer.queries import Lexical, Match, Nearest
from indexer.verify import verify
from tests.doubles import HashEncoder
from tests.opensearch.certificates import Authority
from tests.opensearch.fixtures import tools_or_skip
from tests.opensearch.secured import ADMIN, SecuredNode
from tests.opensearch.server import Identity
from tests.opensearch.servers import Servers

pytestmark = [pytest.mark.slow, pytest.mark.opensearch]

ENCODER = HashEncoder()
ARTICLES = [Article(id=str(n), title=f"Aspirin {n}", abstract="Of hearts.", order=100) for n in range(20)]
NOBODY = Identity()


def at(node: SecuredNode, alias: str, who: Identity) -> Location:
    access = Access(user=who.user, password=who.password, ca=who.ca, certificate=who.certificate, key=who.key)
    return Location(f"{node.url}/{alias}", access)


def as_role(node: SecuredNode, alias: str, role: Role, *, without: str = "") -> Location:
    """The index, asked by a user with exactly what the role needs, less one right."""
    cluster = [right for right in role.cluster if right != without]
    index = [right for right in role.index if right != without]
    node.put_role(f"role-of-{alias}", cluster=cluster, indices={f"{alias}*": index})
    return at(node, alias, node.put_user(f"user-of-{alias}", roles=[f"role-of-{alias}"]))


def admin(node: SecuredNode, alias: str) -> Location:
    return at(node, alias, node.put_user(ADMIN, roles=["all_access"]))


def load(location: Location, *, rebuild: bool = False, publish: bool = True) -> None:
    options = WriteOptions(rebuild=rebuild)
    vectors = dict(zip((a.id for a in ARTICLES), ENCODER.encode([a.passage for a in ARTICLES]), strict=True))
    with closing(open_writer(location, space=ENCODER.space, options=options)) as writer:
        writer.ledger.arrival("a.jsonl", "digest")
        writer.stored(vectors)
        writer.write(ARTICLES, vectors | dict(writer.reusable(ARTICLES)))
        writer.commit()
        if publish:
            assert writer.publish().is_served


def load_more(location: Location) -> None:
    with closing(open_writer(location, space=None, create=False)) as writer:
        newer = [replace(article, order=200) for article in ARTICLES[:5]]
        writer.stored([article.id for article in newer])
        writer.write(newer, {}, keep=[article.id for article in newer])
        writer.delete([Deletion(id="7", order=300, source="by hand")])
        writer.commit()
        writer.optimize()


def read(location: Location) -> None:
    nearest = Nearest(ENCODER.encode(["aspirin"])[0], 5, Match("hearts"))
    with closing(open_reader(location)) as reader:
        assert reader.info().articles == 20
        assert [len(hits) for hits in reader.search([Lexical(Match("aspirin"), 10), nearest])] == [10, 5]
        assert reader.fetch(["1"]) == [ARTICLES[1]]
        assert reader.vectors(["1"])[0] is not None
        assert len(list(reader.rows())) == 20
    assert verify(location).is_sound
    with closing(open_ledger(location)) as ledger:
        ledger.entries()


def carry_over(location: Location) -> None:
    target = Location(f"{location.name}-copy", location.access)
    with (
        closing(open_ledger(location)) as ledger,
        closing(open_reader(location)) as reader,
        closing(open_writer(target, space=ENCODER.space)) as writer,
    ):
        assert [counts.added for counts in copy(reader, ledger, writer)][-1] == 20
        writer.publish()


def write_and_rebuild(location: Location) -> None:
    """All that a writer does."""
    load(location)
    read(location)
    carry_over(location)
    load_more(location)
    load(location, rebuild=True)
    assert len(drop_versions(location, [], old=True)) == 1


def plan(location: Location) -> None:
    with closing(Cluster(parse(location.name), location.access)) as cluster:
        has = capacity.read(cluster)
    assert (len(has.nodes), has.has_knn) == (1, True)


def lay_pipelines(location: Location) -> None:
    weighing = Weighing(rank_constant=60, dense_weight=0.5)
    install(location, Wish(kinds=WITHOUT_MODELS, making=Making(weighing=weighing), default="rrf"))
    assert len(overview(location).pipelines) == len(remove(location).removed) == len(WITHOUT_MODELS)


@pytest.fixture(scope="module")
def loading(servers: Servers) -> Iterator[tuple[SecuredNode, str]]:
    """An index that is loaded, and not served yet: who reads it has it refreshed."""
    alias = "test-loading-of-secured"
    with tools_or_skip({}):
        node = servers.secured()
    load(admin(node, alias), publish=False)
    yield node, alias
    servers.delete(alias)


def test_the_role_of_a_writer_is_enough_to_load_copy_rebuild_and_drop(
    secured_node: SecuredNode, fresh_index: str
) -> None:
    write_and_rebuild(as_role(secured_node, fresh_index, WRITER))


def test_the_role_of_a_reader_is_enough_to_search_and_verify(loading: tuple[SecuredNode, str]) -> None:
    read(as_role(*loading, READER))


def test_the_role_of_a_planner_is_enough_to_plan(secured_node: SecuredNode, fresh_index: str) -> None:
    plan(as_role(secured_node, fresh_index, PLANNER))


def test_the_role_for_pipelines_is_enough_to_install_show_and_remove_them(loading: tuple[SecuredNode, str]) -> None:
    lay_pipelines(as_role(*loading, PIPELINES))


@pytest.mark.parametrize("right", [*PIPELINES.cluster, *PIPELINES.index])
def test_without_a_right_for_pipelines_the_error_names_it(loading: tuple[SecuredNode, str], right: str) -> None:
    try:
        assert "'biocpt-pipelines'" in _require_named(lay_pipelines, as_role(*loading, PIPELINES, without=right), right)
    finally:
        remove(admin(*loading))


@pytest.mark.parametrize("right", [*WRITER.cluster, *WRITER.index])
def test_without_a_right_of_a_writer_the_error_names_it(
    secured_node: SecuredNode, fresh_index: str, right: str
) -> None:
    _require_named(write_and_rebuild, as_role(secured_node, fresh_index, WRITER, without=right), right)


@pytest.mark.parametrize("right", [*READER.cluster, *READER.index])
def test_without_a_right_of_a_reader_the_error_names_it_and_the_reader(
    loading: tuple[SecuredNode, str], right: str
) -> None:
    refused = _require_named(read, as_role(*loading, READER, without=right), right)
    assert "'biocpt-reader'" in refused
    assert f"user 'user-of-{loading[1]}'" in refused


@pytest.mark.parametrize("right", PLANNER.cluster)
def test_without_a_right_of_a_planner_the_error_names_it(
    secured_node: SecuredNode, fresh_index: str, right: str
) -> None:
    assert "'biocpt-" in _require_named(plan, as_role(secured_node, fresh_index, PLANNER, without=right), right)


def _require_named(step: Callable[[Location], None], location: Location, right: str) -> str:
    with pytest.raises(MissingRight) as refused:
        step(location)
    assert refused.value.rights == (right,)
    assert len(str(refused.value).splitlines()) == 1
    assert location.access.password not in str(refused.value)
    return str(refused.value)


def test_without_the_right_to_see_its_nodes_a_cluster_is_taken_to_have_vectors(
    secured_node: SecuredNode, fresh_index: str
) -> None:
    location = as_role(secured_node, fresh_index, WRITER)
    with closing(Cluster(parse(location.name), location.access)) as cluster:
        found = require(cluster, vectors=True)
        assert (found.release, found.has_knn, found.data_nodes) == (secured_node.version, None, None)
    location = admin(secured_node, fresh_index)
    with closing(Cluster(parse(location.name), location.access)) as cluster:
        assert (capabilities(cluster).has_knn, capabilities(cluster).data_nodes) == (True, 1)


def test_a_client_certificate_is_enough(secured_node: SecuredNode, fresh_index: str) -> None:
    secured_node.put_role("with-certificate", cluster=WRITER.cluster, indices={f"{fresh_index}*": WRITER.index})
    dora = secured_node.certified("dora", roles=["with-certificate"])
    load(at(secured_node, fresh_index, dora))


def test_a_wrong_password_is_one_line_that_does_not_show_it(secured_node: SecuredNode, fresh_index: str) -> None:
    location = admin(secured_node, fresh_index)
    guessed = replace(location, access=replace(location.access, password="guess-of-mine"))
    with pytest.raises(NotLetIn, match=r"does not accept user 'admin', asked to .* \(401\)") as refused:
        open_writer(guessed, space=None)
    assert "guess-of-mine" not in str(refused.value)
    with pytest.raises(NotLetIn, match="Give --user"):
        open_reader(at(secured_node, fresh_index, replace(NOBODY, ca=location.access.ca)))


def test_a_cluster_of_another_authority_is_not_trusted(
    secured_node: SecuredNode, fresh_index: str, tmp_path: Path
) -> None:
    location = admin(secured_node, fresh_index)
    for ca in (None, Authority(tmp_path).ca):
        strange = replace(location, access=replace(location.access, ca=ca))
        with pytest.raises(UntrustedCertificate, match=r"no authority trusted here.*--ca-cert"):
            open_reader(strange)


def test_http_to_a_port_for_https_is_said_to_be_that(secured_node: SecuredNode, fresh_index: str) -> None:
    location = admin(secured_node, fresh_index)
    plain = replace(location, name=location.name.replace("https:", "http:"))
    with pytest.raises((WrongScheme, ClusterUnreachable), match="https"):
        open_reader(plain)


def test_a_cluster_that_poses_as_another_is_seen_through(secured_node: SecuredNode, fresh_index: str) -> None:
    setting = "compatibility.override_main_response_version"
    location = admin(secured_node, fresh_index)
    secured_node.ask("PUT", "/_cluster/settings", {"transient": {setting: True}})
    try:
        with pytest.raises(HiddenVersion, match=setting):
            open_writer(location, space=None)
    finally:
        secured_node.ask("PUT", "/_cluster/settings", {"transient": {setting: None}})


def test_the_role_of_a_reader_is_enough_while_another_version_is_loaded_beside_the_served_one(
    secured_node: SecuredNode, fresh_index: str
) -> None:
    load(admin(secured_node, fresh_index))
    load(admin(secured_node, fresh_index), rebuild=True, publish=False)
    location = as_role(secured_node, fresh_index, READER)
    read(location)
    with closing(open_reader(location)) as reader:
        assert [told.state for told in reader.info().versions or ()] == ["served", "being loaded"]
