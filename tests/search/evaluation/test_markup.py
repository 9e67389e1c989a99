"""TREC's topics in markup are read in each form that its tracks used, and a part can be chosen."""

from pathlib import Path

import pytest

from search.errors import BadTopics
from search.evaluation import topics

BLOCKS = """
<top>
<num> Number: 301
<title> glass frogs
<desc> Description:
Which frogs are
transparent, and p < 0.05 > q?
<narr> Narrative:
Skin &amp; organs count.
</top>

<TOP>
<NUM>Number: 302</NUM>
<TITLE>Topic: blue milk</TITLE>
<DESC>Why is milk blue?</DESC>
</TOP>
"""

QUESTIONS = """<?xml version="1.0"?>
<topics task="invented">
  <topic number="1">
    <query>purple fever</query>
    <question>what makes a fever <i>purple</i>?</question>
    <narrative>Causes,
      not cures.</narrative>
  </topic>
  <topic number="2"><query>a &lt; b</query><question>?</question></topic>
</topics>
"""

BARE = '<topics><topic number="7">A 30-year-old\n whale with hiccups.</topic></topics>'

PARTS_AS_IDS = "<queries><query><id>q1</id><title>loud moss</title></query></queries>"


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "topics"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "part", "expected"),
    [
        (BLOCKS, "", [("301", "glass frogs"), ("302", "blue milk")]),
        (
            BLOCKS,
            "description",
            [("301", "Which frogs are transparent, and p < 0.05 > q?"), ("302", "Why is milk blue?")],
        ),
        (BLOCKS, "desc", [("301", "Which frogs are transparent, and p < 0.05 > q?"), ("302", "Why is milk blue?")]),
        (QUESTIONS, "", [("1", "purple fever"), ("2", "a < b")]),
        (QUESTIONS, "question", [("1", "what makes a fever purple?"), ("2", "?")]),
        (BARE, "", [("7", "A 30-year-old whale with hiccups.")]),
        (PARTS_AS_IDS, "", [("q1", "loud moss")]),
        ("<top> <num> Number: 9 <title> all on one line </top>", "", [("9", "all on one line")]),
    ],
)
def test_each_form_gives_id_and_the_part_asked_for(
    tmp_path: Path, text: str, part: str, expected: list[tuple[str, str]]
) -> None:
    assert topics.read(write(tmp_path, text), part=part) == expected


def test_a_narrative_can_be_asked(tmp_path: Path) -> None:
    with pytest.raises(BadTopics, match=r"Line 12 .* '302' has no part 'narrative'\. It has: number, title, desc"):
        topics.read(write(tmp_path, BLOCKS), part="narrative")
    first = BLOCKS[: BLOCKS.index("<TOP>")]
    assert topics.read(write(tmp_path, first), part="narrative") == [("301", "Skin & organs count.")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("\n<top>\n<num> Number: 1\n<title> x\n", "Line 2 .* this <top> has no </top>"),
        ("<top><num> 1 <title> x\n<top><num> 2 <title> y</top>", "Line 1 .* has no </top>"),
        ("<top><title> x</top>", "Line 1 .* this topic has no number or id"),
        ("<top><num> Number: 1 2 <title> x</top>", "id '1 2' is empty or has spaces"),
        ("<top><num> 1 <con> x</top>", "topic '1' has no usual part. It has: number, con"),
        ("<top><num>1<title>x</top><top><num>1<title>y</top>", "has id '1' twice: topics 1 and 2"),
        ('<topics>\n<topic number="1">a</topic>\n<topic>b</topic>\n</topics>', "Line 3 .* no number or id"),
        ('\n\n<topics>\n<topic number="1"></topic></topics>', "Line 4 .* topic '1' has no usual part. It has: none"),
        ('<t>\n<topic number="1">a\u2028b\x85c</topic>\n<topic>b</topic>\n</t>', "Line 3 .* no number or id"),
        ("<topics><topic>", "neither <top> blocks nor XML"),
        ("<topics></topics>", "holds no topics"),
        ('<!DOCTYPE t [<!ENTITY a "b">]><t/>', "defines entities"),
    ],
)
def test_markup_that_is_no_topic_is_named_by_its_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadTopics, match=said):
        topics.read(write(tmp_path, text))


def test_lines_have_no_parts(tmp_path: Path) -> None:
    with pytest.raises(BadTopics, match="one text a topic, and so no part 'title'"):
        topics.read(write(tmp_path, "1\tx\n"), part="title")
