"""What can go wrong with sources and indexes: one base, `IndexerError`, and a kind for each thing that happens."""

from collections.abc import Iterable, Sequence
from pathlib import Path


class IndexerError(Exception):
    """A source cannot be read or an index cannot be opened, written or asked; the message says what to do next."""


class DamagedLog(IndexerError):
    """A ledger or rejects file holds a line, not a torn last one, that we did not write."""

    def __init__(self, *, path: object, line: int) -> None:
        super().__init__(
            f"Line {line} of '{path}' cannot be read: the file was changed or damaged. "
            "Restore it from a copy; or remove that line, and the files it named are read again."
        )


class UnusableLog(IndexerError):
    """A ledger or rejects file cannot be read or written at all."""

    def __init__(self, *, path: object, reason: object) -> None:
        super().__init__(
            f"'{path}' cannot be used: {reason}. Check disk space and permissions, then run the same command again; "
            "what was committed is stored."
        )


class NoSuchSource(IndexerError):
    """A file to be indexed does not exist, or a folder holds nothing to index."""


class SameName(IndexerError):
    """Loaders with shares were given two files of one name."""

    def __init__(self, *, name: str, files: Sequence[object] = ()) -> None:
        where = f" ({' and '.join(repr(str(file)) for file in files)})" if files else ""
        super().__init__(
            f"Two of the files are named {name!r}{where}, and shares tell files apart by their names alone. "
            "Rename one; or load without --shard."
        )


class BrokenSource(IndexerError):
    """A source file that cannot be read to its end; the records before `record` were whole and have been yielded.

    `record` counts from 1: the record at which it broke; 0 when the file is refused before any.
    """

    def __init__(self, path: Path, record: int, reason: str) -> None:
        self.path, self.record, self.reason = path, record, reason
        where = f" broke at record {record}" if record else ""
        super().__init__(f"{str(path)!r}{where}: {reason}")


class UnknownEngine(IndexerError):
    """No engine stores an index at this kind of location."""

    def __init__(self, *, location: str) -> None:
        super().__init__(
            f"No engine for {location!r}. Name a folder, such as ./pubmed, or the URL of an index in OpenSearch, "
            "such as https://host:9200/pubmed."
        )


class HalfUrl(UnknownEngine):
    """A location looks like the URL of a cluster's index, and does not begin as one."""

    def __init__(self, *, location: str) -> None:
        IndexerError.__init__(
            self,
            f"Is {location[:200]!r} an index in OpenSearch? Then begin it with https:// or http://, as in "
            "https://host:9200/pubmed, without a user or password. A new folder of that name is written with ./ "
            "before it.",
        )


class QuestionTooLarge(IndexerError):
    """An engine cannot ask so much at once."""

    def __init__(self, *, why: str) -> None:
        super().__init__(
            f"The question is too large for this index: {why}. Ask for less at once, in several questions."
        )


class NotForFolders(IndexerError):
    """A folder was given options that only a cluster knows."""

    def __init__(self, *, location: object) -> None:
        super().__init__(
            f"The index at '{location}' is a folder, which has no shards, replicas, versions or other loaders, and one "
            "kind of vectors and BM25. Leave these options out, or name the URL of an index in OpenSearch."
        )


class NoIndex(IndexerError):
    """There is no index at this location."""

    def __init__(self, *, location: object) -> None:
        super().__init__(f"There is no index at '{location}'. Check the path, or make one with `biocpt index`.")


class UnusableLocation(IndexerError):
    """No index can be kept under this name."""

    def __init__(self, *, location: object, why: str) -> None:
        super().__init__(f"No index can be at {str(location)[:200]!r}: {why}. Name another folder.")


class NotAnIndex(IndexerError):
    """A folder holds something else, and is left as it is."""

    def __init__(self, *, location: object, why: str) -> None:
        super().__init__(f"'{location}' is not an index ({why}) and is left untouched. Name an empty or a new folder.")


class UnfinishedIndex(IndexerError):
    """An index was begun, but nothing was committed to it yet."""

    def __init__(self, *, location: object) -> None:
        super().__init__(
            f"The index at '{location}' is still being made, or making it was cut short. "
            "Wait for the load to commit, or run it again."
        )


class UnreadableFormat(IndexerError):
    """An index was written in a format that this version does not read."""

    def __init__(self, *, location: object, found: object, supported: int) -> None:
        newer = isinstance(found, int) and found > supported
        advice = "Upgrade biocpt-search" if newer else "Build the index again"
        super().__init__(
            f"The index at '{location}' has format {found!r}, and this version reads format {supported}. {advice}."
        )


class OtherFields(UnreadableFormat):
    """An index was made by a version with other fields; questions to it would fail, or find too little."""

    def __init__(self, *, location: object) -> None:
        IndexerError.__init__(
            self,
            f"The index at '{location}' was made by a version with other fields than this one's, which cannot read it. "
            "Build the index again from its sources.",
        )


class DamagedIndex(IndexerError):
    """The files of an index cannot be read or written; the reason is the storage library's."""

    def __init__(self, *, location: object, reason: object) -> None:
        first = str(reason).strip().splitlines()
        super().__init__(
            f"The index at '{location}' cannot be used: {first[0].rstrip('.') if first else 'unknown reason'}. "
            "Check disk space and permissions; else build it again from its sources or from a copy."
        )


class IndexLocked(IndexerError):
    """Another process, or another writer in this one, is writing to the index."""

    def __init__(self, *, location: object) -> None:
        super().__init__(
            f"Another process is writing to the index at '{location}', and only one may at a time. "
            "Wait until it is done, then run this again."
        )


class VectorMismatch(IndexerError):
    """Vectors of one kind were brought to an index of another."""

    def __init__(self, *, index: object, stored: str, asked: str) -> None:
        super().__init__(
            f"The index at '{index}' holds {stored}, but was given {asked}. Use the matching model set, or re-index "
            "(of an index in a cluster: load a new version with --rebuild, after `biocpt drop` of one that is "
            "not served yet)."
        )


class UnusableVector(IndexerError):
    """A vector holds a value that is not a number, or is infinite."""

    def __init__(self, *, of: str) -> None:
        super().__init__(f"The vector of {of} holds NaN or infinity. Check the encoder (`biocpt models verify`).")


class UnusableId(IndexerError):
    """An id is empty or too long to be stored."""

    def __init__(self, *, id: str, longest: int) -> None:
        super().__init__(f"Article id {id[:80]!r} cannot be stored: an id is 1 to {longest} bytes of UTF-8.")


class UnknownField(IndexerError):
    """A question names a field that the index cannot filter by."""

    def __init__(self, *, field: str, kind: str, known: Iterable[str]) -> None:
        super().__init__(f"There is no {kind} field {field!r}. The {kind} fields are: {', '.join(known)}.")


class IndexClosed(IndexerError):
    """A reader or writer was used after `close`."""

    def __init__(self, *, location: object) -> None:
        super().__init__(f"The index at '{location}' was closed. Open it again.")


class ArrivalsDisagree(IndexerError):
    """Two indexes numbered the arrival of unnumbered files each for itself, so that their orders cannot be compared."""

    def __init__(self, *, source: object, target: object, one: str, other: str) -> None:
        super().__init__(
            f"The index at '{source}' cannot be copied into '{target}': {one} in the one, but {other} in the other, "
            "so which records are newer cannot be told. Copy into a new index, or index the files themselves."
        )


class IncompleteCopy(IndexerError):
    """The figures of a copy differ from those of its source."""

    def __init__(self, *, target: object, held: str, wanted: str) -> None:
        super().__init__(
            f"The copy at '{target}' has {held}, but its source has {wanted}. Run the copy again; if that does not "
            "help, run `biocpt verify` on both."
        )
