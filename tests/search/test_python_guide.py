"""docs/python-api.md: its examples run, and print what it shows where the demo model is installed."""

import ast
import re

import pytest

import search
from search.request import SearchRequest
from tests import pages
from tests.search.conftest import Sample

PAGE = "python-api.md"


@pytest.mark.slow
def test_every_example_runs_and_prints_what_the_page_shows(beside_the_sample: Sample) -> None:
    assert pages.run(PAGE, is_printed=beside_the_sample.is_demo) > 15


def test_what_stands_without_prompts_is_python() -> None:
    found = pages.scripts(PAGE)
    assert found
    for script in found:
        ast.parse(script)


def test_every_public_name_and_every_field_of_a_request_is_told() -> None:
    text = pages.text_of(PAGE)
    public = text.split("## What is public")[1]
    assert set(re.findall(r"`(\w+)`", public)) >= set(search.__all__)
    table = text.split("| field |")[1].split("\n\n")[0]
    assert {name for name in SearchRequest.__dataclass_fields__ if f"`{name}`" not in table} == {"query"}
