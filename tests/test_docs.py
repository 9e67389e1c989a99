"""What the documents say is there: links lead somewhere, commands parse, and nothing of one machine is named."""

import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click
import pytest

from search.cli import COMMANDS, biocpt
from search.cli.access import BOTH, FROM, SECRETS
from search.cli.eval import DefaultGroup

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "docs" / "cli.md"
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), ROOT / "benchmarks" / "README.md", ROOT / "sample" / "README.md"]
)
GUIDES = [path for path in DOCUMENTS if path not in (REFERENCE, ROOT / "CHANGELOG.md")]
OUTSIDE_THE_COMMANDS = {"BIOCPT_DATA", "BIOCPT_TEST_CACHE", "BIOCPT_TEST_NODES"}
"""Read by tests and benchmarks."""
KEYS = {"BIOCPT_SERVE_KEYS", "BIOCPT_SERVE_KEY"}
"""Secrets of the model server: of those who run it, and of those who ask it. No options give them."""

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"`([^`]+)`")
ONE_MACHINE = re.compile(r"(?<![\w.>])/(?:home|root|tmp|work|Users|private)/|[A-Z]:\\")


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def anchors(path: Path) -> frozenset[str]:
    """What GitHub makes of the headings."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return frozenset(re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings)


def command_lines(text: str) -> Iterator[str]:
    """`biocpt …` where a line of a block begins with it, prompt or not, and in code within text."""
    for line in text.splitlines():
        block = re.fullmatch(r"\s+(?:\$ )?(biocpt .*)", line)
        if block:
            yield block[1]
        else:
            yield from (code for code in CODE.findall(line) if code.startswith("biocpt "))


SHOWN = sorted({(name_of(path), line) for path in GUIDES for line in command_lines(path.read_text(encoding="utf-8"))})


def parse(line: str) -> None:
    """Let click parse the line as far as it can without its files; `…` stands for anything.

    Raises:
        click.UsageError: an unknown command or option, an option without its value, a value that is no choice.
    """
    words = [word for word in shlex.split(line, comments=True)[1:] if word != "…"]
    command: click.Command = biocpt
    context = click.Context(biocpt, info_name="biocpt")
    while True:
        if isinstance(command, DefaultGroup):
            words = command.completed(words)
        given, rest, _ = command.make_parser(context).parse_args(words)
        check_values(command, context, given)
        if not isinstance(command, click.Group):
            break
        if not rest:
            return
        child = command.get_command(context, rest[0])
        if child is None:
            raise click.UsageError(f"No command {rest[0]!r}")
        command, words = child, rest[1:]
        context = click.Context(command, parent=context)
    if rest:
        raise click.UsageError(f"Too many arguments: {rest}")


def check_values(command: click.Command, context: click.Context, given: dict[str, object]) -> None:
    for option in command.params:
        value = given.get(option.name or "")
        if isinstance(option.type, click.Path) or not isinstance(option, click.Option) or value is None:
            continue
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, str):
                option.type.convert(each, option, context)


def options() -> Iterator[tuple[str, str]]:
    """(command, option) for each long option there is."""
    for name in COMMANDS:
        command = biocpt.get_command(click.Context(biocpt), name)
        assert command is not None
        inner = command.commands.items() if isinstance(command, click.Group) else []
        for full, each in [(name, command), *((f"{name} {child}", found) for child, found in inner)]:
            long = (names for option in each.params if isinstance(option, click.Option) for names in option.opts)
            yield from ((full, option) for option in long)


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_relative_links_lead_to_files_and_headings(path: Path) -> None:
    broken = []
    for target in LINK.findall(path.read_text(encoding="utf-8")):
        file, _, anchor = target.partition("#")
        if "://" in target or target.startswith("mailto:"):
            continue
        place = (path.parent / file).resolve() if file else path
        if not place.exists() or (anchor and anchor not in anchors(place)):
            broken.append(target)
    assert broken == []


@pytest.mark.parametrize(("document", "line"), SHOWN)
def test_a_command_that_is_shown_parses(document: str, line: str) -> None:
    parse(line)


@pytest.mark.parametrize(
    "line",
    [
        "biocpt serch statins",
        "biocpt models fetch medcpt",
        "biocpt search statins --fliter x",
        "biocpt search statins --limit",
        "biocpt search statins --mode clever",
        "biocpt search statins --limit ten",
        "biocpt search two words",
    ],
)
def test_a_command_that_is_wrong_does_not_parse(line: str) -> None:
    with pytest.raises(click.UsageError):
        parse(line)


def test_the_guides_show_many_commands_and_each_command_at_least_once() -> None:
    shown = [line for _, line in SHOWN]
    commands = {command for command, _ in options()} - {"models"}
    assert len(shown) > 50
    assert {command for command in commands if not any(f"biocpt {command}" in line for line in shown)} == set()


def test_the_reference_has_every_command_and_option() -> None:
    sections = dict(re.findall(r"^## biocpt ?(.*?)\n(.*?)(?=^## |\Z)", REFERENCE.read_text("utf-8"), re.M | re.S))
    missing = [(name, option) for name, option in options() if f"`{option}`" not in sections.get(name, "")]
    assert missing == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_variables_that_are_named_exist(path: Path) -> None:
    commands = [biocpt, *(biocpt.get_command(click.Context(biocpt), name) for name in COMMANDS)]
    known = {str(option.envvar) for command in commands if command for option in command.params if option.envvar}
    named = set(re.findall(r"BIOCPT_[A-Z_]+", path.read_text(encoding="utf-8")))
    known |= {variable.replace(BOTH, prefix) for variable in SECRETS for prefix in (BOTH, FROM)} | {BOTH, FROM}
    assert named - known - KEYS - OUTSIDE_THE_COMMANDS == set()


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_no_path_of_one_machine_is_named(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert [line for line in text.splitlines() if ONE_MACHINE.search(line)] == []
