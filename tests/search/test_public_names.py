"""`from search import open_searcher`: the public names are these, and asking for none of them imports nothing."""

import subprocess
import sys

import pytest

import search
from search.opening import open_searcher

NAMES = {
    "opening": {"open_searcher", "Searcher", "SearcherOptions", "Location", "Access", "RunOptions"},
    "asking": {"SearchRequest", "Filters"},
    "answers": {"SearchResponse", "Result", "Place", "Snippet", "Article"},
    "errors": {"SearchError", "IndexerError", "ModelError"},
}


def modules_after(code: str) -> set[str]:
    """The modules of a fresh interpreter that has run the code."""
    done = subprocess.run(
        [sys.executable, "-c", f"{code}; import sys; print(*sys.modules)"], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_the_public_names_are_these() -> None:
    assert set(search.__all__) == set().union(*NAMES.values())
    assert {name for name in search.__all__ if getattr(search, name).__name__ != name} == set()
    assert set(search.__all__) <= set(dir(search))
    assert search.open_searcher is open_searcher


def test_another_name_is_not_there() -> None:
    with pytest.raises(AttributeError, match="'open_seracher'"):
        search.open_seracher  # type: ignore[attr-defined]  # noqa: B018
    with pytest.raises(ImportError, match="open_seracher"):
        from search import open_seracher  # type: ignore[attr-defined]  # noqa: F401


def test_importing_the_package_imports_nothing_else_of_it() -> None:
    ours = {name for name in modules_after("import search") if name.startswith(("search", "indexer", "onnx_models"))}
    assert ours == {"search"}


def test_asking_for_the_way_in_imports_no_runtime_and_no_storage() -> None:
    heavy = {"onnxruntime", "openvino", "opensearchpy", "lance", "pyarrow", "tokenizers", "click", "rich"}
    assert heavy & modules_after("from search import *; open_searcher") == set()
