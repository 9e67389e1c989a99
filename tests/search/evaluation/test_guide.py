"""What docs/evaluation.md shows can be read, and its tables name what there is."""

import re
from pathlib import Path

import pytest

from search.evaluation import losses, qrels, system, topics
from search.evaluation.tasks import FORMATS

GUIDE = (Path(__file__).parents[3] / "docs" / "evaluation.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    return GUIDE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def blocks(text: str) -> list[str]:
    """What is indented, without its indent."""
    found = re.findall(r"(?:^    .*\n|^\n(?=    ))+", text, flags=re.MULTILINE)
    return [re.sub(r"^    ", "", block.strip("\n"), flags=re.MULTILINE) + "\n" for block in found]


def first_cells(text: str) -> list[str]:
    return [line.split("|")[1].strip().strip("`") for line in text.splitlines() if line.startswith("| ")][1:]


def test_the_system_that_is_shown_is_one(tmp_path: Path) -> None:
    (tmp_path / "shown.toml").write_text(blocks(section("Systems"))[0], encoding="utf-8")
    shown = system.read(tmp_path / "shown.toml")
    assert (shown.name, shown.request.dense_weight, shown.request.filters.no_retracted) == ("shown", 0.7, True)


def test_every_stage_is_explained() -> None:
    told = first_cells(section("Where it was lost"))
    lost = [stage for stage in losses.STAGES if stage not in losses.FOUND]
    assert told == [*lost, "found by lexical alone, by dense alone, by both"]


def test_every_format_is_listed() -> None:
    assert set(first_cells(section("Formats"))) == set(FORMATS)


@pytest.mark.parametrize("start", ["S01\t", "{", "<topics"])
def test_questions_are_read_in_each_form_that_is_shown(start: str, tmp_path: Path) -> None:
    text = re.search(rf"^    ({re.escape(start)}.*)$", section("Formats"), flags=re.MULTILINE)
    assert text is not None
    path = tmp_path / "topics"
    path.write_text(text[1], encoding="utf-8")
    assert topics.read(path) == [topics.Topic("S01", "statins and breast cancer survival")]


@pytest.mark.parametrize("start", ["S01 0", "query-id"])
def test_judgements_are_read_in_each_form_that_is_shown(start: str, tmp_path: Path) -> None:
    text = re.search(rf"^    {start}.*\n(?:    .*\n)*", section("Formats"), flags=re.MULTILINE)
    assert text is not None
    path = tmp_path / "qrels"
    path.write_text(re.sub("^    ", "", text[0], flags=re.MULTILINE), encoding="utf-8")
    assert qrels.read(path) == {"S01": {"90000001": 3}}
