"""Defaults from a TOML file, for Click's `default_map`: flag > environment > this > default."""

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click


def defaults(config: str | None, name: str, command: click.Command, commands: Iterable[str]) -> dict[str, Any]:
    """The defaults of one command: keys outside tables are for every command that has such an option, and the
    command's own table wins over them. A group's commands have tables inside the group's (`[models.pull]`).

    Raises:
        click.UsageError: the named file is missing or no TOML; a table is no command, a key in it no option.
    """
    path = Path(config) if config else _platform_file()
    if config is None and not path.is_file():
        return {}
    table = _read(path)
    own = {key: value for key, value in table.items() if isinstance(value, dict)}
    unknown = sorted(set(own) - set(commands))
    if unknown:
        raise click.UsageError(
            f"The configuration {str(path)!r} has a table {unknown[0]!r}; commands are {', '.join(commands)}."
        )
    shared = {key: value for key, value in table.items() if key not in own}
    return _of_command(command, name, shared, own.get(name, {}), path)


def _of_command(
    command: click.Command, title: str, shared: Mapping[str, Any], own: Mapping[str, Any], path: Path
) -> dict[str, Any]:
    if isinstance(command, click.Group):
        return {
            name: _of_command(child, f"{title}.{name}", shared, own.get(name, {}), path)
            for name, child in command.commands.items()
        }
    options = _options(command)
    for key in own:
        if _flag(key) not in options:
            known = ", ".join(sorted(options))
            raise click.UsageError(f"The configuration {str(path)!r} sets {key!r} in [{title}]; options are {known}.")
    given = {_flag(key): value for key, value in {**shared, **own}.items()}
    return {options[flag]: value for flag, value in given.items() if flag in options}


def _options(command: click.Command) -> dict[str, str]:
    """Long flag without dashes → the name of its parameter."""
    options = (parameter for parameter in command.params if isinstance(parameter, click.Option))
    return {flag[2:]: option.name or "" for option in options for flag in option.opts if flag.startswith("--")}


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
