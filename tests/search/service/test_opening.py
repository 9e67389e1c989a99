"""Which models a server opens: each set once, and no two sets of one name."""

import shutil
from contextlib import closing
from pathlib import Path

import pytest

from onnx_models import RunOptions, find_set
from search.service.engines import ArticleEngine, LateEngine, QueryEngine
from search.service.errors import SameName
from search.service.inference import Inference
from search.service.limits import Limits
from search.service.opening import open_inference
from tests.onnx_models import checkpoints


def opened(home: Path, *sets: str) -> Inference:
    return open_inference(home, sets, rerank="none", run=RunOptions(threads=1), limits=Limits())


def test_a_set_that_is_named_twice_is_opened_once(home: Path) -> None:
    folder = find_set(home, "medcpt").folder
    with closing(opened(home, "medcpt", str(folder), "medcpt")) as inference:
        assert [lane.served.name for lane in inference.lanes] == ["medcpt-query", "medcpt-article"]


def test_two_sets_of_one_name_are_refused(home: Path, tmp_path: Path) -> None:
    shutil.copytree(find_set(home, "medcpt").folder, tmp_path / "medcpt")
    with pytest.raises(SameName, match=r"'medcpt', cannot be served side by side: .*medcpt, .*medcpt\."):
        opened(home, "medcpt", str(tmp_path / "medcpt"))


def test_a_set_whose_sides_share_weights_holds_them_once(tmp_path: Path) -> None:
    """Its re-ranker runs where its articles are encoded, its query encoder beside, over the same arrays."""
    checkpoints.install(tmp_path, "minilm")
    run = RunOptions(threads=1)
    with closing(open_inference(tmp_path, ["minilm"], rerank="auto", run=run, limits=Limits())) as inference:
        query, article, late = (lane.engine for lane in inference.lanes)
        assert isinstance(query, QueryEngine)
        assert isinstance(article, ArticleEngine)
        assert isinstance(late, LateEngine)
        assert late._reranker._article.session is article._encoder._session
        arrays = [vars(engine._encoder._session)["_weights"] for engine in (query, article)]
        assert arrays[0]
        assert {name: id(array) for name, array in arrays[0].items()} == {
            name: id(array) for name, array in arrays[1].items()
        }
