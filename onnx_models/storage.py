"""Write model files; what the disk refuses becomes one line."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from onnx_models.errors import StorageFailed


@contextmanager
def storing(folder: Path) -> Iterator[None]:
    """Do what writes `folder`.

    Raises:
        StorageFailed: the disk is full, a limit is reached, or the place may not be written.
    """
    try:
        yield
    except OSError as error:
        raise StorageFailed(folder=folder, reason=error.strerror or str(error)) from error
    except sqlite3.OperationalError as error:  # such as "database or disk is full"
        raise StorageFailed(folder=folder, reason=str(error)) from error


@contextmanager
def replacing(*targets: Path) -> Iterator[list[Path]]:
    """Fresh folders beside these, which take their places if the block ends well, and vanish otherwise.

    Raises:
        StorageFailed: the disk is full, or a place may not be written; what was there before is unchanged.
    """
    fresh, old = ([target.with_name(f".{target.name}.{suffix}") for target in targets] for suffix in ("partial", "old"))
    _remove(*fresh, *old)
    try:
        for target, folder in zip(targets, fresh, strict=True):
            with storing(target):
                folder.mkdir(parents=True)
        yield fresh
        for target, folder, before in zip(targets, fresh, old, strict=True):
            with storing(target):
                if target.exists():
                    target.rename(before)
                folder.rename(target)
    finally:
        _remove(*fresh, *old)


def _remove(*folders: Path) -> None:
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
