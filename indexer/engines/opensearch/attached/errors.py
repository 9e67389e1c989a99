"""What can go wrong with an index that is not ours; each message says what happened, the value, and what to do next."""

from collections.abc import Iterable, Sequence

from indexer.engines.opensearch.errors import NotOurs
from indexer.errors import IndexerError, VectorMismatch


class NoSuchIndex(IndexerError):
    """The cluster has no index or alias of this name."""

    def __init__(self, *, address: object, name: str) -> None:
        super().__init__(f"There is no index {name!r} at {str(address)!r}. Check the name and the host.")


class SeveralIndexes(IndexerError):
    """A name stands for several indexes, and vectors are added to one."""

    def __init__(self, *, address: object, name: str, indexes: Sequence[str]) -> None:
        shown = ", ".join(indexes[:5]) + (f", … ({len(indexes):,})" if len(indexes) > 5 else "")
        super().__init__(
            f"{name!r} at {str(address)!r} is an alias of {len(indexes):,} indexes ({shown}). "
            "Attach each of them by its own name."
        )


class NarrowAlias(IndexerError):
    """A name stands for a part of an index, and we read and write the whole."""

    def __init__(self, *, address: object, name: str, index: str) -> None:
        super().__init__(
            f"{name!r} at {str(address)!r} is an alias of {index!r} that shows a part of its documents only (by a "
            f"filter or a routing), and vectors are added to all of them. Name {index!r} itself, if all may be seen."
        )


class DataStream(IndexerError):
    """A name stands for a data stream, whose documents are only ever added."""

    def __init__(self, *, address: object, name: str) -> None:
        super().__init__(
            f"{name!r} at {str(address)!r} is a data stream: it takes new documents only, and goes on in a new index "
            "now and then, so no vectors can be added to it. Copy it into a plain index (_reindex), and attach that."
        )


class AlreadyOurs(IndexerError):
    """An index that we made has vectors of its own."""

    def __init__(self, *, address: object, name: str) -> None:
        super().__init__(
            f"{name!r} at {str(address)!r} was made by biocpt and is searched as it is: nothing is to be attached."
        )


class NoText(IndexerError):
    """No field of an index holds text that could be searched or encoded."""

    def __init__(self, *, address: object, fields: Sequence[str]) -> None:
        held = ", ".join(fields[:8]) + (f", … ({len(fields):,} fields)" if len(fields) > 8 else "")
        super().__init__(
            f"The index at {str(address)!r} has no text to search: none of its fields is of type text"
            f"{f' outside of nested objects ({held})' if held else ', it has no fields at all'}. "
            "Vectors are made of text, so there is nothing to attach to."
        )


class UnusableField(IndexerError):
    """A field map names a field that cannot serve."""

    def __init__(self, *, role: str, field: str, why: str) -> None:
        super().__init__(f"The field map's {role} {field!r} cannot be used: {why}. Mend the map, then run this again.")


class UnusableMap(IndexerError):
    """A file of a field map cannot be read."""

    def __init__(self, *, path: object, why: object) -> None:
        super().__init__(f"{str(path)!r} is no field map: {why}. `biocpt attach URL` prints one.")


class NotInPlace(IndexerError):
    """Vectors cannot be added to an index itself."""

    def __init__(self, *, address: object, reasons: Iterable[str]) -> None:
        super().__init__(
            f"No vectors can be added to the index at {str(address)!r} itself: {'; '.join(reasons)}. "
            "Nothing was changed. Keep them beside it, in a folder or an index of ours: --sidecar FOLDER|URL."
        )


class NotAttached(NotOurs):
    """An index is not ours, and nothing of ours is attached to it."""

    def __init__(self, *, address: object) -> None:
        IndexerError.__init__(
            self,
            f"The index at {str(address)!r} was not made by biocpt, and has no vectors attached to it. "
            f"To search it where it is, attach them: `biocpt attach {address}` shows how it would be done.",
        )


class NothingAttached(IndexerError):
    """There is nothing of ours in an index, to be brought up to date or taken back."""

    def __init__(self, *, address: object) -> None:
        super().__init__(
            f"Nothing is attached to the index at {str(address)!r}. Attach it: `biocpt attach {address} --apply`."
        )


class OtherAttachment(VectorMismatch):
    """An index has vectors of another model attached."""

    def __init__(self, *, address: object, stored: str, asked: str) -> None:
        IndexerError.__init__(
            self,
            f"The index at {str(address)!r} has {stored} attached, but was given {asked}. Use that model set; or take "
            f"these vectors back with `biocpt attach {address} --undo`, and attach it anew.",
        )


class OtherMap(IndexerError):
    """An index is attached by another map than the one that was given."""

    def __init__(self, *, address: object) -> None:
        super().__init__(
            f"The index at {str(address)!r} is attached by another field map than the one in --map. Leave --map out; "
            f"or take its vectors back with `biocpt attach {address} --undo`, and attach it anew."
        )


class UnmappedField(IndexerError):
    """A question filters by something that the field map of an attached index has no field for."""

    def __init__(self, *, name: str, known: Iterable[str]) -> None:
        have = ", ".join(sorted(known)) or "none"
        super().__init__(
            f"This index has no field for the filter {name!r}: its field map names {have}. Ask without that filter; "
            "or take the attachment back (biocpt attach --undo) and attach it with a map that names its field."
        )


class NotBeside(IndexerError):
    """An index was named for a side-car, and is something else."""

    def __init__(self, *, location: object, why: str) -> None:
        super().__init__(
            f"'{location}' cannot be the side-car: {why}. Name a new folder or index, or leave --map as it was."
        )


class Replaced(IndexerError):
    """The index was removed, or another made in its place, while we wrote to it."""

    def __init__(self, *, address: object, name: str) -> None:
        super().__init__(
            f"The index {name!r} at {str(address)!r} was removed or made anew while vectors were added to it. "
            "Run the same command again, if the index of that name is still the one that is meant."
        )


class TakesNoArticles(IndexerError):
    """Articles were to be written to an index, or taken out of it, that belongs to somebody's documents."""

    def __init__(self, *, location: object, text: str, is_beside: bool) -> None:
        if is_beside:
            what = (
                f"'{location}' is the side-car of the index at {text!r}: it holds the vectors of that index's "
                "documents, and takes no articles"
            )
        else:
            what = (
                f"The index at {text!r} is loaded by its owner's own program, and biocpt writes nothing but vectors "
                "to it"
            )
        sync = _sync(location, text, is_beside=is_beside)
        super().__init__(f"{what}. Change the documents there, then run `{sync}`; or name another index.")


class NoRecords(IndexerError):
    """An index that belongs to somebody's documents was to be verified or copied, which takes records of ours."""

    def __init__(self, *, location: object, text: str, is_beside: bool) -> None:
        if is_beside:
            what = f"'{location}' is the side-car of the index at {text!r}: vectors of its documents"
            elsewhere = f"`biocpt attach {text} --sidecar ELSEWHERE --apply` makes another"
        else:
            what = f"The index at {text!r} is its owner's, with vectors attached"
            elsewhere = "a snapshot of it takes its vectors along"
        sync = _sync(location, text, is_beside=is_beside)
        super().__init__(
            f"{what}, and no records, ledger or checksums of ours by which it could be verified or copied. "
            f"`{sync} --dry-run` compares each text with the one that its vector was made of; {elsewhere}."
        )


def _sync(location: object, text: str, *, is_beside: bool) -> str:
    return f"biocpt attach sync {text}" + (f" --sidecar {location}" if is_beside else "")
