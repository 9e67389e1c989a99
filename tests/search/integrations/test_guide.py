"""docs/frameworks.md: its examples run, print what the page shows, and its table is what can be filtered by."""

import re

import pytest

from search import Searcher
from search.integrations.conditions import EXTRA, FIELDS
from search.integrations.retrieving import metadata
from tests import pages
from tests.search.conftest import Sample

PAGE = "frameworks.md"
SECTIONS = ("Haystack", "LangChain", "LlamaIndex", "Vectors for your own store")


@pytest.mark.slow
@pytest.mark.parametrize("section", SECTIONS)
def test_every_example_runs_and_prints_what_the_page_shows(section: str, beside_the_sample: Sample) -> None:
    assert pages.run(PAGE, section=section, is_printed=beside_the_sample.is_demo) >= 5


def test_the_table_has_all_metadata_and_all_filters(searcher: Searcher) -> None:
    rows = [line for line in pages.text_of(PAGE).splitlines() if line.startswith("| `")]
    told = {name: row.split("|")[3].strip() for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[1])}
    assert set(told) == {"id", *metadata(searcher.search("aspirin").results[0])}
    assert {name for name, filters in told.items() if filters != "none"} == {*FIELDS, EXTRA.rstrip(".")}
