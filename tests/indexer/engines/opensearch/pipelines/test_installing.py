"""Pipelines are installed, changed, made the default and removed, and nothing of somebody else's is harmed."""

from collections.abc import Sequence
from contextlib import closing

import pytest

from indexer.engines import open_reader, open_writer
from indexer.engines.location import Location
from indexer.engines.opensearch.pipelines import installing, removing
from indexer.engines.opensearch.pipelines.bodies import VERSION, WITHOUT_MODELS, Weighing
from indexer.engines.opensearch.pipelines.errors import (
    ForeignDefault,
    ForeignPipeline,
    NewerPipeline,
    NothingToFuse,
    UnsupportedPipeline,
)
from indexer.engines.opensearch.pipelines.installing import install
from indexer.engines.opensearch.pipelines.removing import remove
from indexer.engines.opensearch.pipelines.standing import overview
from indexer.engines.writing import WriteOptions
from indexer.errors import NoIndex
from indexer.queries import Lexical, Match, Nearest, Probe
from tests.indexer.engines.opensearch.pipelines.conftest import ARTICLES, ENCODER, Place, wish
from tests.opensearch.server import Refusal, Server

pytestmark = [pytest.mark.slow, pytest.mark.opensearch]


def send(server: Server, requests: Sequence[installing.Request]) -> None:
    for request in requests:
        server.ask(request.method, request.path, request.body)


def test_installing_twice_changes_nothing(place: Place) -> None:
    first = install(place.location, wish(default="rrf"))
    stored = {name: place.pipeline(name) for name, _ in first.pipelines}
    again = install(place.location, wish(default="rrf"))
    assert [outcome for _, outcome in first.pipelines] == ["installed", "installed"]
    assert [outcome for _, outcome in again.pipelines] == ["unchanged", "unchanged"]
    assert {name: place.pipeline(name) for name in stored} == stored
    assert all(body["version"] == VERSION and "biocpt" in body["description"] for body in stored.values())
    assert place.default() == first.default == again.default == f"{place.alias}-rrf"


def test_other_settings_change_what_stands(place: Place) -> None:
    install(place.location, wish())
    report = install(place.location, wish(weighing=Weighing(rank_constant=20, dense_weight=0.5)))
    assert dict(report.pipelines) == {f"{place.alias}-min-max": "unchanged", f"{place.alias}-rrf": "changed"}
    (ranking,) = place.pipeline(f"{place.alias}-rrf")["phase_results_processors"]
    assert "20" in str(ranking)


def test_what_is_emitted_is_what_is_installed(place: Place) -> None:
    send(place.server, installing.requests(place.alias, wish(default="min-max")))
    report = install(place.location, wish(default="min-max"))
    assert {outcome for _, outcome in report.pipelines} == {"unchanged"}
    assert place.default() == f"{place.alias}-min-max"
    assert removing.requests(place.location)[0].body == {"index.search.default_pipeline": None}
    send(place.server, removing.requests(place.location))
    assert overview(place.location).pipelines == ()
    assert place.default() is None


def test_a_pipeline_of_somebody_else_is_left_untouched(place: Place) -> None:
    theirs = place.put(f"{place.alias}-rrf")
    body = place.pipeline(theirs)
    with pytest.raises(ForeignPipeline, match=f"'{theirs}'.*left untouched"):
        install(place.location, wish(default="rrf", force=True))
    assert place.pipeline(f"{place.alias}-min-max") is None
    assert place.default() is None
    install(place.location, wish("min-max"))
    done = remove(place.location)
    assert (done.removed, done.kept) == ((f"{place.alias}-min-max",), (theirs,))
    assert place.pipeline(theirs) == body


def test_a_default_of_somebody_else_is_replaced_with_force_alone_and_put_back(place: Place) -> None:
    theirs = place.put(f"{place.alias}-theirs")
    place.server.ask("PUT", f"/{place.alias}/_settings", {"index.search.default_pipeline": theirs})
    with pytest.raises(ForeignDefault, match=f"'{theirs}'.*--force"):
        install(place.location, wish(default="rrf"))
    assert overview(place.location).pipelines == ()
    assert install(place.location, wish()).default == theirs
    assert install(place.location, wish(default="rrf", force=True)).replaced == theirs
    assert install(place.location, wish()).replaced == theirs
    moved = install(place.location, wish(default="min-max"))
    assert (moved.replaced, place.default()) == (theirs, f"{place.alias}-min-max")
    assert remove(place.location).defaults == {f"{place.alias}-v1": theirs}
    assert place.default() == theirs


def test_a_default_that_is_gone_is_not_put_back(place: Place) -> None:
    theirs = place.put(f"{place.alias}-theirs")
    place.server.ask("PUT", f"/{place.alias}/_settings", {"index.search.default_pipeline": theirs})
    install(place.location, wish("rrf", default="rrf", force=True))
    place.server.ask("DELETE", f"/_search/pipeline/{theirs}")
    assert remove(place.location).defaults == {f"{place.alias}-v1": ""}
    assert place.default() is None


def test_an_index_whose_default_was_taken_away_by_hand_answers_again_once_pipelines_are_removed(place: Place) -> None:
    install(place.location, wish(default="rrf"))
    place.server.ask("DELETE", f"/_search/pipeline/{place.alias}-rrf")
    assert [request.method for request in removing.requests(place.location)] == ["PUT", "DELETE"]
    assert remove(place.location).defaults == {f"{place.alias}-v1": ""}
    assert place.default() is None


def test_what_a_newer_biocpt_made_is_written_over_with_force_alone(place: Place) -> None:
    install(place.location, wish("rrf"))
    name = f"{place.alias}-rrf"
    newer = {**place.pipeline(name), "version": VERSION + 1}
    place.server.ask("PUT", f"/_search/pipeline/{name}", newer)
    with pytest.raises(NewerPipeline, match="--force"):
        install(place.location, wish())
    assert place.pipeline(name) == newer
    assert dict(install(place.location, wish("rrf", force=True)).pipelines) == {name: "changed"}


def test_removing_twice_and_without_an_index_is_no_error(own_place: Place) -> None:
    install(own_place.location, wish(default="rrf"))
    own_place.server.ask("DELETE", f"/{own_place.alias}-v1*")
    with pytest.raises(NoIndex):
        install(own_place.location, wish())
    assert set(remove(own_place.location).removed) == {f"{own_place.alias}-{kind}" for kind in WITHOUT_MODELS}
    assert remove(own_place.location).removed == ()


def test_a_rebuild_keeps_the_default_and_removing_reaches_both_versions(own_place: Place) -> None:
    install(own_place.location, wish(default="min-max"))
    own_place.load(rebuild=True)
    assert [own_place.default(1), own_place.default(2)] == [f"{own_place.alias}-min-max"] * 2
    assert overview(own_place.location).index == f"{own_place.alias}-v2"
    assert len(remove(own_place.location).defaults) == 2
    assert [own_place.default(1), own_place.default(2)] == [None, None]


def test_our_own_searches_go_past_a_default_pipeline(own_place: Place) -> None:
    probes: list[Probe] = [Lexical(Match("aspirin"), 5), Nearest(ENCODER.encode(["aspirin 3"])[0], 5)]
    with closing(open_reader(own_place.location)) as reader:
        before = reader.search(probes)
    body = {"response_processors": [{"rerank": {"by_field": {"target_field": "order"}}}]}
    theirs = f"{own_place.alias}-theirs"
    own_place.server.ask("PUT", f"/_search/pipeline/{theirs}", body)
    own_place.server.ask("PUT", f"/{own_place.alias}/_settings", {"index.search.default_pipeline": theirs})
    with pytest.raises(Refusal):
        own_place.server.ask("POST", f"/{own_place.alias}/_search", {"_source": False})
    with closing(open_reader(own_place.location)) as reader:
        assert reader.search(probes) == before
        assert reader.info().articles == len(ARTICLES)
        assert len(list(reader.rows())) == len(ARTICLES)
    own_place.load(rebuild=True)
    assert own_place.default(2) == theirs


def test_where_there_is_nothing_to_fuse_that_is_said(node: Server, fresh_index: str) -> None:
    location = Location(f"{node.url}/{fresh_index}")
    with pytest.raises(NoIndex):
        install(location, wish())
    with closing(open_writer(location, space=None)) as writer:
        writer.write(ARTICLES, {})
        writer.commit()
        writer.publish()
    with pytest.raises(NothingToFuse, match="--model"):
        install(location, wish())


def test_weights_of_ranks_need_a_server_that_knows_them(place: Place) -> None:
    uneven = wish(weighing=Weighing(rank_constant=60, dense_weight=0.75))
    if place.server.version.startswith("2."):
        with pytest.raises(UnsupportedPipeline, match=r"needs OpenSearch 3\.1 to weigh.*--dense-weight"):
            install(place.location, uneven)
        assert overview(place.location).pipelines == ()
    else:
        assert {outcome for _, outcome in install(place.location, uneven).pipelines} == {"installed"}


def test_several_shards_are_told_of(node: Server, fresh_index: str, place: Place) -> None:
    assert install(place.location, wish()).notes == ()
    location = Location(f"{node.url}/{fresh_index}-two")
    with closing(open_writer(location, space=ENCODER.space, options=WriteOptions(shards=2))) as writer:
        vectors = dict(zip((a.id for a in ARTICLES), ENCODER.encode([a.passage for a in ARTICLES]), strict=True))
        writer.write(ARTICLES, vectors)
        writer.commit()
        writer.publish()
    notes = install(location, wish()).notes
    remove(location)
    assert "2 shards" in notes[0]
    assert len(notes) == (2 if node.version.startswith("2.") else 1)
