"""The reference of the command line (`docs/cli.md`), written from the commands: `python -m search.cli.reference`."""

from collections.abc import Iterator

import click

from search.cli import COMMANDS, biocpt

_HEAD = """# Command line

Written by `python -m search.cli.reference > docs/cli.md` from the commands themselves; a test keeps it true.

Flags win over `BIOCPT_*` environment variables, these over the TOML file of `--config`, and that over the defaults.
Results go to stdout, talk to stderr.
Exit codes: 0 fine, 1 error, 2 wrong usage, 3 finished but some input was rejected, 130 stopped.
"""


def reference() -> str:
    """The whole page as Markdown."""
    return "\n".join([_HEAD, *_sections()])


def _sections() -> Iterator[str]:
    context = click.Context(biocpt, info_name="biocpt")
    yield from _section(biocpt, context)
    for name in COMMANDS:
        command = biocpt.get_command(context, name)
        if command is None:
            continue
        inner = click.Context(command, info_name=name, parent=context)
        yield from _section(command, inner)
        if isinstance(command, click.Group):
            for child in command.list_commands(inner):
                found = command.get_command(inner, child)
                if found is not None:
                    yield from _section(found, click.Context(found, info_name=child, parent=inner))


def _section(command: click.Command, context: click.Context) -> Iterator[str]:
    usage = " ".join(command.collect_usage_pieces(context))
    yield f"## {context.command_path}\n\n    {context.command_path} {usage}\n\n{(command.help or '').strip()}\n"
    rows = [row for row in map(_row, command.get_params(context)) if row]
    if rows:
        yield "| option | meaning | default | environment |\n|---|---|---|---|"
        yield "\n".join(rows) + "\n"


def _row(parameter: click.Parameter) -> str:
    if not isinstance(parameter, click.Option):
        return ""
    names = ", ".join(f"`{name}`" for name in [*parameter.opts, *parameter.secondary_opts])
    choices = parameter.type.choices if isinstance(parameter.type, click.Choice) else ()
    meaning = (parameter.help or "").replace("|", "\\|") + (f" One of: {', '.join(choices)}." if choices else "")
    default = parameter.show_default if isinstance(parameter.show_default, str) else parameter.default
    shown = "" if parameter.is_flag or callable(default) or default in (None, ()) else f"`{default}`"
    shown = "" if "UNSET" in shown.upper() else shown
    variable = f"`{parameter.envvar}`" if parameter.envvar else ""
    return f"| {names} | {meaning} | {shown} | {variable} |"


if __name__ == "__main__":
    click.echo(reference(), nl=False)
