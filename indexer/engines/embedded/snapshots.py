"""The newest commit of a text index, also where its folder cannot be written: a reader of tantivy's needs a lock file.

Such a folder is read through a temporary folder of links to its files, in which the lock can be made.
"""

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import tantivy

from indexer.engines.embedded.text import open_text

_LOCK = ".tantivy-meta.lock"

_TRIES = 5
"""Files that a writer elsewhere merges away or adds between listing and opening make another try needed."""


def newest(folder: Path, index: tantivy.Index | None) -> tuple[tantivy.Index, tantivy.Searcher]:
    """The text index in `folder`, opened anew unless it is given, and a searcher of its last commit.

    Raises: ValueError, OSError, OtherFields.
    """
    if not can_lock(folder):
        return _newest_by_links(folder)
    index = index or open_text(folder)
    index.reload()
    return index, index.searcher()


def can_lock(folder: Path) -> bool:
    """Whether tantivy can make its lock file there, or open the one that there is."""
    lock = folder / _LOCK
    return os.access(lock if lock.exists() else folder, os.W_OK)


def _newest_by_links(folder: Path, tries: int = _TRIES) -> tuple[tantivy.Index, tantivy.Searcher]:
    try:
        return _open_links(folder)
    except ValueError:
        if tries == 1:
            raise
    return _newest_by_links(folder, tries - 1)


def _open_links(folder: Path) -> tuple[tantivy.Index, tantivy.Searcher]:
    """What is open stays open when the links are gone."""
    with TemporaryDirectory(prefix="biocpt-") as links:
        for path in folder.resolve().iterdir():
            if path.suffix != ".lock":
                (Path(links) / path.name).symlink_to(path)
        index = open_text(Path(links), folder.parent)
        index.reload()
        return index, index.searcher()
