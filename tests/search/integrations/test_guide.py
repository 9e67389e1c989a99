"""docs/frameworks.md: its examples run, print what the page shows, and its table is what can be filtered by."""

import re
from pathlib import Path

import pytest

from search import Searcher
from search.integrations.conditions import FIELDS
from search.integrations.retrieving import metadata
from tests import pages

PAGE = "frameworks.md"
SECTIONS = ("Haystack", "LangChain", "LlamaIndex", "Vectors for your own store")


@pytest.mark.slow
@pytest.mark.parametrize("section", SECTIONS)
def test_every_example_runs(section: str, random_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With random weights, so what comes out is another thing."""
    pages.be_where_the_sample_is_indexed(random_home, tmp_path, monkeypatch)
    assert pages.run(PAGE, section=section, is_printed=False) >= 5


@pytest.mark.slow
def test_every_example_prints_what_the_page_shows(
    demo_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages.be_where_the_sample_is_indexed(demo_home, tmp_path, monkeypatch)
    for section in SECTIONS:
        pages.run(PAGE, section=section)


def test_the_table_has_all_metadata_and_all_filters(searcher: Searcher) -> None:
    rows = [line for line in pages.text_of(PAGE).splitlines() if line.startswith("| `")]
    told = {name: row.split("|")[3].strip() for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[1])}
    assert set(told) == {"id", *metadata(searcher.search("aspirin").results[0])}
    assert {name for name, filters in told.items() if filters != "none"} == set(FIELDS)
