"""Which models a server opens: each set once, and no two sets of one name."""

import shutil
from contextlib import closing
from pathlib import Path

import pytest

from onnx_models import RunOptions, find_set
from search.service.errors import SameName
from search.service.inference import Inference
from search.service.limits import Limits
from search.service.opening import open_inference


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
