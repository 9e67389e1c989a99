"""MedCPT's size, with random weights: checkpoint → both exports → parity → int8 → index → cross-encoded search."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from indexer import sources
from indexer.article import Article
from indexer.order import Stamp
from onnx_models import RunOptions
from onnx_models.errors import MissingExtra
from onnx_models.export import export_model, optimum
from onnx_models.installed import InstalledSet, load
from onnx_models.loading import load_encoder, load_reranker
from onnx_models.quantize import quantize_set
from search.indexing import LoadOptions, open_load
from search.opening import SearcherOptions, open_searcher
from search.request import SearchRequest
from tests.onnx_models import checkpoints
from tests.onnx_models.checkpoints import MEDCPT

pytestmark = pytest.mark.slow

SAMPLE = Path(__file__).parent.parent / "sample" / "pubmed26n0001.xml"


@pytest.fixture(scope="module")
def medcpt(tmp_path_factory: pytest.TempPathFactory) -> InstalledSet:
    return checkpoints.install_medcpt_shape(tmp_path_factory.mktemp("home"))


def test_the_direct_route_is_exact_at_this_size(medcpt: InstalledSet) -> None:
    for model in medcpt.models:
        assert model.manifest.hidden_size == 768
        assert model.manifest.graphs["fp32"].figures["max_abs_difference"] <= 1e-4


def test_the_optimum_route_is_exact_at_this_size(medcpt: InstalledSet, tmp_path: Path) -> None:
    try:
        optimum.require()
    except MissingExtra as error:
        pytest.skip(str(error))
    for model in medcpt.models:
        source = medcpt.folder / "source" / model.folder.name
        manifest = export_model(model.spec, source, tmp_path / model.folder.name, route="optimum")
        assert manifest.graphs["fp32"].figures["max_abs_difference"] <= 1e-4
        assert manifest.source == model.manifest.source


def test_the_three_sides_are_three_models(medcpt: InstalledSet) -> None:
    text = ("Statins and breast cancer", "A trial of statins in women with breast cancer.")
    query, article = (load_encoder(model).encode([text])[0] for model in (medcpt.query, medcpt.article))
    assert not np.allclose(query, article, atol=1e-3)
    reranker = load_reranker(medcpt)
    assert reranker is not None
    assert reranker.kind == "cross"
    assert reranker.score("statins", [text]).shape == (1,)


def test_int8_stays_close_at_this_size(medcpt: InstalledSet) -> None:
    quantize_set(medcpt, "int8")
    models = load(medcpt.folder)
    assert models.cross is not None
    assert models.query.manifest.graphs["int8"].figures["mean_cosine"] >= 0.99
    assert models.article.manifest.graphs["int8"].figures["mean_cosine"] >= 0.99
    assert models.cross.manifest.graphs["int8"].figures["kendall_tau"] >= 0.95
    for model in models.models:
        full, reduced = (sum(f.bytes for f in model.manifest.graphs[name].files) for name in ("fp32", "int8"))
        assert reduced < 0.5 * full


def test_an_index_in_fp32_is_searched_in_int8_and_reranked_by_the_cross_encoder(
    medcpt: InstalledSet, tmp_path: Path
) -> None:
    """Runs after the set was quantised; precision may differ between indexing and searching."""
    home, location = medcpt.folder.parent.parent, str(tmp_path / "index")
    articles = [sample for sample in sources.read(SAMPLE, Stamp(2026, 3)) if isinstance(sample, Article)][:6]
    writer, encoder = open_load(location, LoadOptions(home=home, model="medcpt"))
    assert encoder is not None
    vectors = encoder.encode([article.passage for article in articles])
    writer.write(articles, {article.id: vector for article, vector in zip(articles, vectors, strict=True)})
    writer.commit()
    writer.close()

    query = "statins and breast cancer survival"
    options = SearcherOptions(home=home, run=RunOptions(precision="int8"))
    with closing(open_searcher(location, options)) as searcher:
        response = searcher.search(SearchRequest(query=query, rerank_depth=4))
    int8, models = RunOptions(precision="int8"), load(medcpt.folder)
    question = load_encoder(models.query, int8).encode([query])[0]
    exact = {article.id: float(vector @ question) for article, vector in zip(articles, vectors, strict=True)}
    places = {result.id: result.places["dense"] for result in response.results}
    assert {id: place.score for id, place in places.items()} == pytest.approx(exact, rel=1e-4)
    assert sorted(exact, key=exact.__getitem__, reverse=True) == sorted(places, key=lambda id: places[id].rank)
    cross = load_reranker(models, "cross", int8)
    assert cross is not None
    window = response.results[:4]
    logits = cross.score(query, [result.article.passage for result in window])
    assert [result.score for result in window] == pytest.approx(logits.tolist(), abs=1e-3)
    assert response.reranker == "medcpt-cross"


def test_the_shape_is_that_of_bert_base() -> None:
    """BERT-base has 109,482,240 parameters with its pooler (30,522 words; Devlin et al. round to 110M)."""
    small = replace(MEDCPT, vocabulary=2, layers=1)
    one = sum(value.size for value in checkpoints.random_weights(small).values())
    two = sum(value.size for value in checkpoints.random_weights(replace(small, layers=2)).values())
    assert one + 11 * (two - one) + (30522 - 2) * 768 == 109_482_240
