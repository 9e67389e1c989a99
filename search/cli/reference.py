"""The reference of the command line (`docs/cli.md`), written from the commands: `python -m search.cli.reference`."""

import inspect
import re
from collections.abc import Iterable, Iterator

import click

from search.cli import COMMANDS, access, biocpt

_HEAD = """# Command line

Written by `python -m search.cli.reference > docs/cli.md` from the commands themselves; a test keeps it true.

Flags win over environment variables, these over the TOML file of `--config`, and that over the defaults.
Results go to stdout, talk to stderr.
Every command explains itself with `-h` or `--help`.
Exit codes: 0 fine, 1 error, 2 wrong usage, 3 finished but some input was rejected, 130 stopped.
"""

_CLUSTER = """## Options of a cluster

Every command that takes an index takes these too, for an index that is a URL; a folder needs none of them.
Secrets are given by the environment or in files, never by options or the TOML file.
"""

_TABLE = ("| option | meaning | default | environment |", "|---|---|---|---|")
_DEFAULT_IN_HELP = re.compile(r"\s*\[default: (.+)\]$")
_SENTENCE_END = re.compile(r"(?<=\.) (?=[A-Z])")


def reference() -> str:
    """The whole page as Markdown."""
    commands = list(_commands())
    names = [context.command_path for _, context in commands]
    contents = "".join(f"- [{name}](#{_anchor(name)})\n" for name in [*names, "Options of a cluster"])
    sections = [_section(command, context) for command, context in commands]
    return "\n".join([_HEAD, contents, *sections, _cluster_section(commands)])


def _commands() -> Iterator[tuple[click.Command, click.Context]]:
    """Every command after its group, each with the context that knows its full name."""
    context = click.Context(biocpt, info_name="biocpt")
    yield biocpt, context
    for name in COMMANDS:
        command = biocpt.get_command(context, name)
        if command is None:
            continue
        inner = click.Context(command, info_name=name, parent=context)
        yield command, inner
        if isinstance(command, click.Group):
            for child, found in command.commands.items():
                yield found, click.Context(found, info_name=child, parent=inner)


def _section(command: click.Command, context: click.Context) -> str:
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    every = [option for option in command.params if isinstance(option, click.Option)]
    options = [option for option in every if not isinstance(option, access.AccessOption)]
    of_cluster = [f"`{name}`" for option in every if option not in options for name in option.opts]
    lines = [f"## {context.command_path}", "", f"    {usage}", "", *_paragraphs(command.help or "")]
    if options:
        lines += [*_TABLE, *map(_row, options), ""]
    if of_cluster:
        lines += [f"Of a [cluster](#options-of-a-cluster): {', '.join(of_cluster)}.", ""]
    return "\n".join(lines)


def _anchor(heading: str) -> str:
    return heading.lower().replace(" ", "-")


def _cluster_section(commands: Iterable[tuple[click.Command, click.Context]]) -> str:
    """The options of a cluster, told once for all commands, and the variables that hold secrets."""
    options = {
        option.name: option
        for command, _ in commands
        for option in command.params
        if isinstance(option, access.AccessOption)
    }
    secrets = [f"| `{variable}` | {meaning} |" for variable, meaning in access.SECRETS.items()]
    more = f"`biocpt copy` reads each of these for its source alone where the name begins with `{access.FROM}`."
    lines = [_CLUSTER, *_TABLE, *map(_row, options.values()), "", "| secret | meaning |", "|---|---|", *secrets]
    return "\n".join([*lines, "", more, ""])


def _paragraphs(text: str) -> Iterator[str]:
    """Help as Markdown: a sentence a line, an empty line after each paragraph."""
    for paragraph in inspect.cleandoc(text).split("\n\n"):
        yield _plain(_SENTENCE_END.sub("\n", " ".join(paragraph.split())))
        yield ""


def _row(option: click.Option) -> str:
    """`--limit N`, what it means, what it is otherwise, and the variable that sets it."""
    meaning, default = _meaning_and_default(option)
    names = ", ".join(f"`{name}`" for name in [*option.opts, *option.secondary_opts])
    variable = f"`{option.envvar}`" if option.envvar else ""
    return f"| {names}{_value(option)} | {_plain(meaning)} | {_plain(default)} | {variable} |"


def _value(option: click.Option) -> str:
    """What follows the option's name; "" for a switch."""
    if option.is_flag or option.count:
        return ""
    match option.type:
        case click.Choice():
            name = "CHOICE"
        case click.Path():
            name = "FOLDER" if not option.type.file_okay else "FILE"
        case kind if kind.name.startswith(("integer", "float")):
            name = "N"
        case _:
            name = "NAME"
    return f" {_plain(option.metavar or name)}"


def _meaning_and_default(option: click.Option) -> tuple[str, str]:
    """The help without the default that some say in words, and that default."""
    meaning = option.help or ""
    if isinstance(option.type, click.Choice):
        *others, last = (f"`{choice}`" for choice in option.type.choices)
        meaning += f" One of {', '.join(others)} or {last}." if others else f" {last} is the one choice."
    said = _DEFAULT_IN_HELP.search(option.help or "")
    if said:
        return meaning.replace(said[0], ""), said[1]
    if isinstance(option.show_default, str):
        return meaning, option.show_default
    if option.required:
        return meaning, "required"
    return meaning, f"`{option.default}`" if option.show_default else ""


def _plain(text: str) -> str:
    """Text that Markdown and tables show as it is."""
    return text.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")


if __name__ == "__main__":
    click.echo(reference(), nl=False)
