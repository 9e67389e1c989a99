"""A system's TOML says all of it, comes back as it was, and errors name the file and the key."""

import re
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.queries import Term
from search.errors import BadSystem
from search.evaluation import system as systems
from search.evaluation.system import BUILT_IN, System
from search.filters import Filters
from search.request import SearchRequest

words = st.text(min_size=1, max_size=8)
lists = st.lists(words, max_size=3).map(tuple)
year = st.integers(1, 9999)
years = st.one_of(
    st.tuples(year, st.none()), st.tuples(st.none(), year), st.just((None, None)), st.tuples(year, year).map(sorted)
).map(tuple)
filters = st.builds(
    Filters,
    years=years,
    journals=lists,
    types=lists,
    mesh=lists,
    languages=lists,
    ids=st.none() | lists,
    has_abstract=st.booleans(),
    no_retracted=st.booleans(),
)
shares = st.floats(0, 1)
depths = st.integers(1, 10_000)
requests = st.builds(
    SearchRequest,
    query=st.just("…"),
    mode=st.sampled_from(["hybrid", "lexical", "dense"]),
    fusion=st.sampled_from(["rrf", "interpolate"]),
    rrf_k=st.integers(1, 1_000_000),
    dense_weight=shares,
    depth=depths,
    rerank_depth=depths,
    rerank_mix=st.none() | shares,
    boosts=st.dictionaries(st.sampled_from(["title_abstract", "mesh_text", "keyword_text"]), st.floats(0, 10)).map(
        lambda boosts: tuple(sorted(boosts.items()))
    ),
    filters=filters,
)
recipes = st.builds(
    System,
    name=st.from_regex(r"[a-z0-9+_][a-z0-9+_.-]{0,20}", fullmatch=True),
    request=requests,
    rerank=st.sampled_from(["auto", "none", "cross", "late"]),
)


@given(recipes)
def test_a_system_comes_back_as_it_was_written(system: System) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "recipe.toml"
        path.write_text(systems.write(system), encoding="utf-8")
        assert systems.read(path) == system


def test_a_key_that_is_left_out_has_the_default_of_a_search(tmp_path: Path) -> None:
    path = tmp_path / "wide.toml"
    path.write_text("depth = 500\n", encoding="utf-8")
    found = systems.read(path)
    assert found.name == "wide"
    assert found.request == replace(SearchRequest(query="…"), depth=500)
    assert found.rerank == "none"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("dept = 5", "unknown key 'dept'. Known: name, mode,"),
        ("depth = 0", "depth is 0; it must lie between 1 and 10000."),
        ("depth = 5.5", "'depth' is 5.5; it must be a whole number."),
        ("depth = true", "'depth' is True; it must be a whole number."),
        ("depth = '5'", "'depth' is '5'; it must be a whole number."),
        ("dense_weight = nan", "dense_weight is nan; it must lie between 0 and 1."),
        ("rerank_mix = 1.5", "rerank_mix is 1.5; it must lie between 0 and 1."),
        ("mode = 'clever'", "'mode' is 'clever'. Known: hybrid, lexical, dense."),
        ("fusion = 'borda'", "'fusion' is 'borda'. Known: rrf, interpolate"),
        ("rerank = 'maybe'", "'rerank' is 'maybe'. Known: auto, none, cross, late."),
        ("name = 'two words'", "has the name 'two words'."),
        ("name = '../up'", "has the name '../up'."),
        ("boosts = 3", "'boosts' is 3; it must be a table."),
        ("[boosts]\nmesh_text = 'high'", "table [boosts]: 'mesh_text' is 'high'; it must be a number."),
        ("[boosts]\nmesh_text = -1", "the boost of 'mesh_text' is -1; it must lie between 0 and 1000."),
        ("[boosts]\njournal = 1", "'journal'"),
        ("filters = 3", "'filters' is 3; it must be a table."),
        ("[filters]\nyear = '2015'", "table [filters] has an unknown key 'year'. Known: years,"),
        ("[filters]\nyears = '2020-2015'", "Year range '2020-2015' ends before it begins"),
        ("[filters]\nmesh = 'Mice'", "table [filters]: 'mesh' is 'Mice'; it must be a list of texts."),
        ("[filters]\nmesh = [3]", "'mesh' is [3]; it must be a list of texts."),
        ("[filters]\nhas_abstract = 1", "'has_abstract' is 1; it must be true or false."),
        ("depth = ", "is not TOML: "),
    ],
)
def test_a_wrong_file_is_one_line_that_names_file_and_key(text: str, complaint: str, tmp_path: Path) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadSystem) as caught:
        systems.read(path)
    message = str(caught.value)
    assert repr(str(path)) in message
    assert complaint in message
    assert "\n" not in message


def test_systems_are_named_by_file_or_by_a_built_in_name(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text("mode = 'dense'\nname = 'mine'\n", encoding="utf-8")
    found = systems.parse(f"lexical, {path}")
    assert [system.name for system in found] == ["lexical", "mine"]
    assert found[0] is BUILT_IN["lexical"]


@pytest.mark.parametrize(
    ("names", "complaint"),
    [
        ("lexical,lexical", "Two systems are named 'lexical'."),
        ("lexcial", "No system 'lexcial'. Built in: lexical, dense, hybrid, hybrid+rerank"),
        ("absent.toml", "Cannot read the system 'absent.toml': No such file or directory."),
        (" , ", "No systems are named."),
    ],
)
def test_names_that_lead_nowhere_are_refused(names: str, complaint: str) -> None:
    with pytest.raises(BadSystem, match=re.escape(complaint)):
        systems.parse(names)


def test_a_request_keeps_the_order_of_candidates_that_filters_also_allow() -> None:
    system = System(name="x", request=SearchRequest(query="…", filters=Filters(ids=("3", "1", "9"))))
    assert system.asks("q", ("1", "2", "3")).filters.ids == ("1", "3")
    assert system.asks("q").filters.ids == ("3", "1", "9")
    assert not system.asks("q").rerank
    assert BUILT_IN["hybrid+rerank"].asks("q").rerank


def test_a_filter_that_a_file_cannot_say_is_refused_and_not_left_out() -> None:
    filters = Filters(also=Term("mesh", ("Aspirin",)))
    with pytest.raises(BadSystem, match="no key for the filter `also`"):
        systems.write(System(name="x", request=SearchRequest("…", filters=filters)))
