"""The reference page is what the commands say, and every option says what it does."""

from pathlib import Path

import click
import pytest

from search.cli import COMMANDS, biocpt
from search.cli.reference import reference

ROOT = Path(__file__).parents[3]


def commands() -> dict[str, click.Command]:
    context = click.Context(biocpt)
    found = {name: biocpt.get_command(context, name) for name in COMMANDS}
    every = {name: command for name, command in found.items() if command is not None}
    for name, command in list(every.items()):
        if isinstance(command, click.Group):
            every |= {f"{name} {child}": inner for child, inner in command.commands.items()}
    return every


def test_every_name_of_the_table_is_a_command_of_that_name() -> None:
    assert [command.name for name, command in commands().items() if " " not in name] == list(COMMANDS)


@pytest.mark.parametrize(("name", "command"), commands().items(), ids=list(commands()))
def test_a_command_and_each_option_say_what_they_do(name: str, command: click.Command) -> None:
    assert command.help
    silent = [option.opts for option in command.params if isinstance(option, click.Option) and not option.help]
    assert silent == []


def test_the_page_is_written_from_the_commands() -> None:
    written = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    assert written == reference(), "Run: python -m search.cli.reference > docs/cli.md"


def section(name: str) -> str:
    start = reference().index(f"\n## biocpt {name}\n")
    return reference()[start:].split("\n## ")[1]


def test_an_option_shows_its_value_choices_default_and_variable() -> None:
    page = section("search")
    assert "| `--mode` CHOICE | Which lists to ask: BM25, vectors, or both. " in page
    assert "One of `hybrid`, `lexical` or `dense`. | `hybrid` |  |" in page
    assert (
        "| `--index` FOLDER\\|URL | The index: a folder, or a URL such as https://host:9200/pubmed. | required |"
        in page
    )
    assert "| `--explain` | " in page


def test_a_default_that_the_help_says_in_words_stands_in_its_own_column() -> None:
    assert "| `--threads` N | Threads for the models. | all cores | `BIOCPT_THREADS` |" in section("index")
    assert "[default" not in reference()


def test_help_is_one_sentence_a_line_and_no_code_block() -> None:
    lines = section("models").splitlines()
    assert "Commands take the name of a set, or the path of a folder with a set.toml." in lines
    assert not [line for line in reference().splitlines() if line.startswith("  ") and "    biocpt" not in line]
