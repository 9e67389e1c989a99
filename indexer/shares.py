"""Which files one of several loaders reads: its share of a list that all of them are given alike, in any order."""

from collections.abc import Sequence
from pathlib import Path

from indexer import sources
from indexer.engines.writing import Share
from indexer.errors import SameName
from indexer.inputs import source_files
from indexer.ledger import Ledger
from indexer.order import stamp_from_name
from indexer.sources import BrokenSource

WHOLE = Share()
"""All files."""


def take_share(paths: Sequence[Path], ledger: Ledger, share: Share) -> list[Path]:
    """The files of a share: of 16, the third has the 3rd, 19th, 35th … by name; of one, all in the order of the list.

    First all unnumbered files of the list, in its order, are given the numbers of their arrival, so that these do not
    depend on which loader comes first to what.

    Raises:
        NoSuchSource: as `source_files`.
        SameName: as `names_of`; before any file is given a number.
    """
    files = source_files(paths)
    names_of(files, share)
    register_arrivals(files, ledger)
    if share.of == 1:
        return files
    return sorted(files, key=sources.name_of)[share.number - 1 :: share.of]


def names_of(files: Sequence[Path], share: Share = WHOLE) -> tuple[str, ...]:
    """Their names as a ledger has them, by which loaders compare their lists.

    Raises: SameName, where one of several shares is loaded: which of two files of one name is whose, and whether both
        are loaded, could not be told.
    """
    found: dict[str, Path] = {}
    for file in files if share.of > 1 else ():
        if (other := found.setdefault(sources.name_of(file), file)) != file:
            raise SameName(name=sources.name_of(file), files=(other, file))
    return tuple(sources.name_of(file) for file in files)


def register_arrivals(files: Sequence[Path], ledger: Ledger) -> None:
    """Give each unnumbered file its number, in this order; one that cannot be read is told of when it is loaded."""
    known = {(entry.name, entry.stat) for entry in ledger.entries() if entry.stat}
    for path in files:
        name = sources.name_of(path)
        if stamp_from_name(name) is not None:
            continue
        try:
            if (name, sources.looks(path)) in known:
                continue
            sources.verify_md5(path)
            ledger.arrival(name, sources.digest(path))
        except BrokenSource:
            continue
