"""A file's own digest, and the md5 that NLM publishes beside each of its files."""

import hashlib
import re
from pathlib import Path

from indexer.errors import BrokenSource

_NLM_LINE = re.compile(r"MD5 ?\((?P<name>.+)\) ?= ?(?P<sum>[0-9a-fA-F]{32})\s*")
_MD5SUM_LINE = re.compile(r"\\?(?P<sum>[0-9a-fA-F]{32})(?:\s+\*?(?P<name>.+?))?\s*")


def digest(path: Path) -> str:
    """The sha256 of the file's bytes, 64 hex digits."""
    return _hash(path, "sha256")


def looks(path: Path) -> str:
    """What changes when a file does, short of reading it: its size, time of change and inode.

    Raises: BrokenSource, for a file that cannot be looked at.
    """
    try:
        stat = path.stat()
    except OSError as error:
        raise BrokenSource(path, 0, f"cannot be read: {error.strerror}.") from error
    return f"{stat.st_size}-{stat.st_mtime_ns}-{stat.st_ino}"


def verify_md5(path: Path) -> None:
    """Compare the file with `<name>.md5` beside it, in NLM's form or md5sum's; nothing is done where there is none.

    Raises:
        BrokenSource: the sums differ, or the `.md5` file holds no sum for this file.
    """
    beside = path.with_name(path.name + ".md5")
    try:
        text = beside.read_text("utf-8", errors="replace")
    except FileNotFoundError:
        return
    except OSError as error:
        raise BrokenSource(path, 0, f"its checksum file {beside.name!r} cannot be read: {error.strerror}.") from error
    published = _published(text, path.name)
    if published is None:
        raise BrokenSource(path, 0, f"{beside.name!r} holds no md5 for it; download both again, or remove it.")
    actual = _hash(path, "md5")
    if actual != published:
        raise BrokenSource(
            path, 0, f"its md5 is {actual}, but {beside.name!r} says {published}; download the file again."
        )


def _published(text: str, name: str) -> str | None:
    """The sum given for `name`, or for a file without one (md5sum calls its standard input `-`)."""
    for line in text.splitlines():
        found = _NLM_LINE.fullmatch(line.strip()) or _MD5SUM_LINE.fullmatch(line.strip())
        if found and (found["name"] in (None, "-") or Path(found["name"]).name == name):
            return found["sum"].lower()
    return None


def _hash(path: Path, algorithm: str) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, lambda: hashlib.new(algorithm, usedforsecurity=False)).hexdigest()
    except OSError as error:
        raise BrokenSource(path, 0, f"cannot be read: {error.strerror}.") from error
