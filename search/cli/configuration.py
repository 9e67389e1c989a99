"""Defaults from a TOML file, for Click's `default_map`: flag > environment > this > default."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click


def default_map(config: str | None, group: click.Group, context: click.Context) -> dict[str, Any]:
    """The defaults of every command, from the file `config`, or else from the platform's where there is one.

    A key outside tables is for every command that has such an option; a command's own table wins over it. The
    commands of a group have tables inside the group's (`[models.pull]`).

    Raises:
        click.UsageError: the named file is missing or no TOML; a table is no command, a key no option, or a value
            none that an option can have.
    """
    path = Path(config) if config else _platform_file()
    if config is None and not path.is_file():
        return {}
    try:
        return _of_group(group, context, "", {}, _read(path))
    except _Fault as fault:
        raise click.UsageError(f"The configuration {str(path)!r} {fault}.") from fault


class _Fault(Exception):
    """What is wrong in the file."""


def _of_group(
    group: click.Group, context: click.Context, title: str, shared: Mapping[str, Any], table: Mapping[str, Any]
) -> dict[str, Any]:
    commands = {name: found for name in group.list_commands(context) if (found := group.get_command(context, name))}
    tables = {key: value for key, value in table.items() if isinstance(value, dict)}
    keys = {key: value for key, value in table.items() if key not in tables}
    for name in tables:
        if name not in commands:
            raise _Fault(f"has a table {title + name!r}; commands are {', '.join(commands)}")
    for key in keys:
        if not any(_takes(command, context, key) for command in commands.values()):
            raise _Fault(f"sets {key!r}, which is an option of no command")
    return {
        name: _of_command(command, context, title + name, {**shared, **keys}, tables.get(name, {}))
        for name, command in commands.items()
    }


def _of_command(
    command: click.Command, context: click.Context, title: str, shared: Mapping[str, Any], own: Mapping[str, Any]
) -> dict[str, Any]:
    if isinstance(command, click.Group):
        return _of_group(command, context, f"{title}.", shared, own)
    options = _options(command)
    for key in own:
        if _flag(key) not in options:
            raise _Fault(f"sets {key!r} in [{title}]; options are {', '.join(sorted(options))}")
    given = {_flag(key): value for key, value in {**shared, **own}.items()}
    return {options[flag].name or "": _value(flag, given[flag], options[flag]) for flag in given if flag in options}


def _takes(command: click.Command, context: click.Context, key: str) -> bool:
    if isinstance(command, click.Group):
        children = (command.get_command(context, name) for name in command.list_commands(context))
        return any(_takes(child, context, key) for child in children if child)
    return _flag(key) in _options(command)


def _options(command: click.Command) -> dict[str, click.Option]:
    """By long flag, without dashes."""
    options = (parameter for parameter in command.params if isinstance(parameter, click.Option))
    return {flag[2:]: option for option in options for flag in option.opts if flag.startswith("--")}


def _value(flag: str, value: object, option: click.Option) -> object:
    """A text, number or boolean; a list of them where the option may be repeated."""
    values = value if option.multiple and isinstance(value, list) else [value]
    if not all(isinstance(item, str | int | float) for item in values):
        raise _Fault(f"gives {flag!r} the value {value!r}, which no flag could give it")
    return values if option.multiple else value


def _flag(key: str) -> str:
    return key.replace("_", "-")


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise click.UsageError(f"Cannot read the configuration {str(path)!r}: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise click.UsageError(f"The configuration {str(path)!r} is not TOML: {error}.") from error


def _platform_file() -> Path:
    import platformdirs

    return platformdirs.user_config_path("biocpt") / "config.toml"
