"""An evaluation as Markdown: what was measured, the tables, the systems and how to do it again."""

import re
from collections.abc import Sequence

from search.evaluation.evaluation import Evaluation, WorstTopic
from search.evaluation.report import tables
from search.evaluation.report.tables import Table

_SIGNS = re.compile(r"([\\`*_{}\[\]<>#|~$])")
_BREAKS = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")


def markdown(evaluation: Evaluation) -> str:
    """The whole report; equal for equal evaluations, and whatever ids and titles hold is shown as it is."""
    found = (
        tables.systems(evaluation),
        tables.contrasts(evaluation),
        tables.coverage(evaluation),
        tables.stages(evaluation),
    )
    about = (f"{word}: {value}" for word, value in tables.about(evaluation))
    blocks = [
        f"# Evaluation: {_plain(evaluation.task)}",
        "\n".join(f"- {_plain(said)}" for said in (*about, *evaluation.conventions, *evaluation.notes)),
        "## Systems",
        *(_table(table) for table in found if table is not None),
        *_notes(evaluation),
        *_section("Where it was lost", tables.lost(evaluation)),
        *_section("Depth", tables.sweep(evaluation)),
        *_worst(evaluation),
        *_recipes(evaluation),
        *_facts(evaluation),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _section(title: str, table: Table | None) -> list[str]:
    return [] if table is None else [f"## {title}", _table(table)]


def _notes(evaluation: Evaluation) -> list[str]:
    said = [f"- {_plain(system.name)}: {_plain(note)}" for system in evaluation.systems for note in system.notes]
    return ["\n".join(said)] if said else []


def _worst(evaluation: Evaluation) -> list[str]:
    if not evaluation.worst:
        return []
    return ["## The largest losses", *(part for worst in evaluation.worst for part in _loss(worst))]


def _loss(worst: WorstTopic) -> tuple[str, str]:
    title = f"### {_plain(worst.topic)}: {_plain(worst.query)}" if worst.query else f"### {_plain(worst.topic)}"
    return title, _table(tables.top_tens(worst))


def _recipes(evaluation: Evaluation) -> list[str]:
    written = [
        f"{_plain(system.name)}:\n\n{_code(system.toml, 'toml')}" for system in evaluation.systems if system.toml
    ]
    return ["## The systems as files", *written] if written else []


def _facts(evaluation: Evaluation) -> list[str]:
    command = evaluation.facts.get(tables.COMMAND, "")
    table = tables.facts(evaluation)
    shown = [*([_code(command, "")] if command else ()), *([_table(table)] if table else ())]
    return ["## How to do it again", *shown] if shown else []


def _table(table: Table) -> str:
    lines = [
        f"{_plain(table.caption)}.",
        "",
        _row(table.columns),
        _row(["---" if at < table.text else "---:" for at in range(len(table.columns))], plain=False),
        *(_row(row) for row in table.rows),
    ]
    return "\n".join(lines)


def _row(cells: Sequence[str], *, plain: bool = True) -> str:
    return "| " + " | ".join(_plain(cell) if plain else cell for cell in cells) + " |"


def _plain(text: str) -> str:
    """On one line, and with no sign that means something in Markdown or HTML."""
    return _SIGNS.sub(r"\\\1", _BREAKS.sub(" ", text).replace("&", "&amp;"))


def _code(text: str, language: str) -> str:
    """In a fence that is longer than any in the text."""
    fence = "`" * max([3, *(len(run) + 1 for run in re.findall(r"`+", text))])
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"
