"""Opening: only the partner of the encoder that made the vectors may ask, and BM25 needs no model at all."""

import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from indexer.article import Article
from onnx_models import RerankerChoice, set_file
from onnx_models.errors import ModelError
from onnx_models.export.sets import export_set
from onnx_models.installed import sets_folder
from onnx_models.specs import KNOWN_SETS
from search.errors import InvalidRequest, ModelMismatch, NoVectors
from search.indexing import LoadOptions, open_load
from search.opening import SearcherOptions, open_searcher, open_searchers
from search.request import SearchRequest
from tests.onnx_models import checkpoints

ARTICLES = [Article(id=str(at), title=f"Statins and trial {at}", abstract="Breast cancer survival.") for at in range(5)]
QUESTION = SearchRequest(query="statins", mode="lexical")


@pytest.fixture(scope="module")
def index(home: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    return made(home, tmp_path_factory.mktemp("index") / "medcpt", "medcpt")


def made(home: Path, folder: Path, model: str) -> str:
    writer, encoder = open_load(str(folder), LoadOptions(home=home, model=model))
    vectors = {article.id: encoder.encode([article.passage])[0] for article in ARTICLES} if encoder else {}
    writer.write(ARTICLES, vectors)
    writer.commit()
    writer.close()
    return str(folder)


@pytest.fixture
def lexical_index(home: Path, tmp_path: Path) -> str:
    return made(home, tmp_path / "lexical", "none")


def a_relative(home: Path, name: str, side: str, seed: int) -> None:
    """MedCPT's set under another name, with other weights on one side."""
    folder = sets_folder(home) / name
    checkpoints.write_set(folder, replace(KNOWN_SETS["medcpt"], name=name))
    checkpoints.write(folder / "source" / side, seed=seed)
    export_set(folder)


def test_the_set_that_made_the_index_opens_it_without_being_named(home: Path, index: str) -> None:
    with closing(open_searcher(index, SearcherOptions(home=str(home)))) as found:
        response = found.search(replace(QUESTION, mode="hybrid"))
    assert len(response.results) == 5
    assert response.reranker == "medcpt-cross"


def test_a_folder_and_nothing_else_is_enough(
    home: Path, index: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    platform = tmp_path / "data" / "biocpt"
    platform.parent.mkdir()
    platform.symlink_to(home)
    for name in ("XDG_DATA_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(platform.parent))
    monkeypatch.setenv("BIOCPT_HOME", str(tmp_path / "read by the command line alone"))
    if sys.platform != "linux":
        pytest.skip("the platform's data folder cannot be named by a variable here")
    with open_searcher(Path(index)) as found:
        assert found.search("statins").reranker == "medcpt-cross"


@pytest.mark.parametrize("side", ["article", "query"])
def test_another_article_or_query_encoder_is_refused_with_both_named(
    tmp_path: Path, home: Path, index: str, side: str
) -> None:
    a_relative(tmp_path, "cousin", side, seed=77)
    with pytest.raises(ModelMismatch, match=r"medcpt.*cousin"):
        open_searcher(index, SearcherOptions(home=tmp_path, model="cousin"))


def test_a_query_encoder_that_reads_more_is_still_the_partner(tmp_path: Path, index: str) -> None:
    folder = sets_folder(tmp_path) / "medcpt"
    checkpoints.install(tmp_path, "medcpt")
    known = KNOWN_SETS["medcpt"]
    set_file.write(folder, replace(known, query=replace(known.query, max_tokens=32)))
    with closing(open_searcher(index, SearcherOptions(home=tmp_path, rerank="none"))) as found:
        assert found.search(replace(QUESTION, mode="dense")).results


def test_an_index_without_vectors_is_refused_in_modes_that_need_them(home: Path, lexical_index: str) -> None:
    with pytest.raises(NoVectors, match="--mode lexical"):
        open_searcher(lexical_index, SearcherOptions(home=home))
    with closing(open_searcher(lexical_index, SearcherOptions(home=home, mode="lexical"))) as found:
        assert found.search(QUESTION).reranker == ""


@pytest.mark.parametrize("kind", ["cross", "late"])
def test_a_reranker_asked_for_by_name_needs_a_set(home: Path, lexical_index: str, kind: RerankerChoice) -> None:
    with pytest.raises(InvalidRequest, match="needs a model set"):
        open_searcher(lexical_index, SearcherOptions(home=home, mode="lexical", rerank=kind))


def test_a_named_set_reranks_an_index_without_vectors(home: Path, lexical_index: str) -> None:
    options = SearcherOptions(home=home, mode="lexical", model="medcpt")
    with closing(open_searcher(lexical_index, options)) as found:
        assert found.search(QUESTION).reranker == "medcpt-cross"


def test_a_lexical_search_goes_on_without_its_set_and_says_so(tmp_path: Path, index: str) -> None:
    options = SearcherOptions(home=tmp_path, mode="lexical")
    with closing(open_searcher(index, options)) as found:
        response = found.search(QUESTION)
    assert len(response.results) == 5
    assert response.notes[0].startswith("Not re-ranked: ")
    assert "medcpt" in response.notes[0]


@pytest.mark.parametrize("asked", [{"rerank": "cross"}, {"model": "medcpt"}])
def test_what_was_asked_for_by_name_is_not_passed_over(tmp_path: Path, index: str, asked: dict[str, str]) -> None:
    with pytest.raises(ModelError, match="medcpt"):
        open_searcher(index, SearcherOptions(home=tmp_path, mode="lexical", **asked))  # type: ignore[arg-type]


def test_searchers_of_several_re_rankers_share_one_index_and_one_encoder(home: Path, index: str) -> None:
    kinds: list[RerankerChoice] = ["none", "cross", "auto"]
    found = open_searchers(index, SearcherOptions(home=home), kinds)
    with closing(found["cross"]):
        assert list(found) == kinds
        assert len({id(searcher.index) for searcher in found.values()}) == 1
        assert len({id(searcher.encoder) for searcher in found.values()}) == 1
        assert [searcher.reranker is None for searcher in found.values()] == [True, False, False]
