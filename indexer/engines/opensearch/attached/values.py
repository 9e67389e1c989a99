"""What a document's `_source` holds under a path, however it is written there: objects, lists, or a name with dots."""

from collections.abc import Iterator, Mapping
from typing import Any


def values(source: Any, path: str) -> list[Any]:
    """All values under `path`, in their order; null is none."""
    return list(_under(source, path))


def text(source: Any, path: str) -> str:
    """The values under `path` as one text, a line each."""
    return "\n".join(_plain(value) for value in _under(source, path) if not isinstance(value, Mapping))


def strings(source: Any, path: str) -> tuple[str, ...]:
    """The values under `path`, each as a text."""
    return tuple(_plain(value) for value in _under(source, path) if not isinstance(value, Mapping))


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value)


def _under(source: Any, path: str) -> Iterator[Any]:
    if isinstance(source, list):
        for item in source:
            yield from _under(item, path)
    elif not path:
        if source is not None:
            yield source
    elif isinstance(source, Mapping):
        for name, value in source.items():
            if name == path:
                yield from _under(value, "")
            elif path.startswith(f"{name}."):
                yield from _under(value, path[len(name) + 1 :])
