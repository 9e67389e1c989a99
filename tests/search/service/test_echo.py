"""A text that is filled into a JSON template stands for itself, whatever it holds."""

import json
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from search.service.echo import json_escaped

TEMPLATE = '{"query": {"bool": {"must": [{"match": {"abstract": {"query": "${text}"}}}], "boost": 2}}}'


@given(st.text())
@example('a "quoted" word')
@example("back\\slash \\")
@example('"}}}], "must_not": [{"match_all": {}}], "x": [{"y": {"z": {"query": "')
@example("line\nend\r\ttab\x00null\x1fescape\x7f\u2028\u2029")
@example("${text} $${vector} ${query.match.abstract.query}")
@example("${script:javascript:1+1} <script>alert('x')</script> {{#toJson}}x{{/toJson}}")
@example("naïve β-blockers, 高血圧, 😀")
def test_a_text_in_a_template_is_itself_again(text: str) -> None:
    filled = TEMPLATE.replace("${text}", json_escaped(text))
    parsed = json.loads(filled)
    assert parsed == {"query": {"bool": {"must": [{"match": {"abstract": {"query": text}}}], "boost": 2}}}
    assert json.loads(f'"{json_escaped(text)}"') == text


@given(st.text())
def test_nothing_is_left_that_a_template_engine_knows(text: str) -> None:
    assert re.fullmatch(r"(?:[A-Za-z0-9 .,;:_()+*=/-]|\\u[0-9a-f]{4})*", json_escaped(text))


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("statins and stroke", "statins and stroke"),
        ('a"b', r"a\u0022b"),
        ("a\\b", r"a\u005cb"),
        ("$", r"\u0024"),
        ("é", r"\u00e9"),
        ("😀", r"\ud83d\ude00"),
    ],
)
def test_marks_become_the_code_units_of_json(text: str, escaped: str) -> None:
    assert json_escaped(text) == escaped
