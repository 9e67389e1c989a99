"""Write model files; what the disk refuses becomes one line."""

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
