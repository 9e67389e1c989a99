"""Files that appear only when they are whole."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def writing(path: Path) -> Iterator[Path]:
    """A place to write to, which takes `path`'s name when the block ends, and is removed when it fails."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def require_writable(folder: Path) -> None:
    """Make and remove a file there, so that hours of work do not end in a file that cannot be written.

    Raises:
        OSError: no file can be made in the folder, which the error names.
    """
    try:
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(folder)) from error
