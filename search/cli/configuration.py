"""Defaults from a TOML file, for Click's `default_map`: flag > environment > this > default."""

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click


def default_map(config: str | None, commands: Iterable[str]) -> dict[str, Any]:
    """A table a command; keys outside tables are given to every command, whose own table wins.

    Raises:
        click.UsageError: the named file is missing, is no TOML, or has a table that is no command.
    """
    if config is None and not (path := _platform_file()).is_file():
        return {}
    path = Path(config) if config else _platform_file()
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise click.UsageError(f"Cannot read the configuration {str(path)!r}: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise click.UsageError(f"The configuration {str(path)!r} is not TOML: {error}.") from error
    return _by_command(table, list(commands), path)


def _by_command(table: Mapping[str, Any], commands: list[str], path: Path) -> dict[str, Any]:
    shared = {key.replace("-", "_"): value for key, value in table.items() if not isinstance(value, dict)}
    own = {key: value for key, value in table.items() if isinstance(value, dict)}
    unknown = sorted(set(own) - set(commands))
    if unknown:
        known = ", ".join(commands)
        raise click.UsageError(f"The configuration {str(path)!r} has a table {unknown[0]!r}; commands are {known}.")
    return {
        name: shared | {key.replace("-", "_"): value for key, value in own.get(name, {}).items()} for name in commands
    }


def _platform_file() -> Path:
    import platformdirs

    return platformdirs.user_config_path("biocpt") / "config.toml"
