"""What can go wrong with a cluster; each message says what happened, the value, and what to do next."""

from collections import Counter
from collections.abc import Iterable, Sequence

from indexer.errors import IndexerError, IndexLocked, NotAnIndex, UnreadableFormat, VectorMismatch


class UnusableAddress(IndexerError):
    """A URL names no index that a cluster can hold."""

    def __init__(self, *, location: str, why: str) -> None:
        super().__init__(
            f"No index can be at {location[:200]!r}: {why}. A cluster's index is named https://host:9200/pubmed."
        )


class ClusterUnreachable(IndexerError):
    """No node of the cluster answers."""

    def __init__(self, *, address: object, reason: object) -> None:
        super().__init__(
            f"No node answers at {str(address)!r} ({reason}). Check host, port and http or https; "
            "a load that was under way goes on when the same command is run again."
        )


class RequestRefused(IndexerError):
    """The cluster answered a request with an error that no other kind here names."""

    def __init__(self, *, address: object, status: int, kind: str, reason: str, doing: str) -> None:
        self.status, self.kind, self.reason = status, kind, reason
        super().__init__(f"The cluster at {str(address)!r} refused to {doing}: {reason} ({status}, {kind}).")


class IndexGone(RequestRefused):
    """A version, or its ledger, was removed while somebody used it."""

    def __init__(self, *, address: object, name: str, status: int, kind: str, reason: str, doing: str) -> None:
        self.status, self.kind, self.reason = status, kind, reason
        IndexerError.__init__(
            self,
            f"Could not {doing}: {name!r} at {str(address)!r} was removed meanwhile ({status}, {kind}). "
            "Run the same command again.",
        )


class ClosedInCluster(RequestRefused):
    """Somebody closed a version, or its ledger: it keeps what it holds, and answers nothing."""

    def __init__(self, *, address: object, name: str, status: int, kind: str, reason: str, doing: str) -> None:
        self.status, self.kind, self.reason = status, kind, reason
        IndexerError.__init__(
            self,
            f"Could not {doing}: {name!r} at {str(address)!r} is closed ({status}, {kind}). "
            f"Open it (POST /{name}/_open), then run the same command again.",
        )


class NotOurs(NotAnIndex):
    """An index or alias in the cluster has a name that we would use, and is not ours."""

    def __init__(self, *, address: object, name: str, why: str) -> None:
        IndexerError.__init__(
            self,
            f"{name!r} in the cluster of {str(address)!r} was not made by biocpt (it is {why}) and is left untouched. "
            "Name one that biocpt made, or a name that is not taken.",
        )


class TakenByAlias(NotAnIndex):
    """An index was to be made, and its name is an alias of something else."""

    def __init__(self, *, address: object, name: str) -> None:
        IndexerError.__init__(
            self,
            f"The index {name!r} cannot be made for {str(address)!r}: an alias of something else has that name, and is "
            "left untouched. Rename that alias, or name another index.",
        )


class SeveralServed(IndexerError):
    """Somebody let the alias of an index name several of its versions."""

    def __init__(self, *, address: object, alias: str, names: Sequence[str]) -> None:
        *others, kept = names
        removals = ", ".join(f'{{"remove": {{"index": "{name}", "alias": "{alias}"}}}}' for name in others)
        super().__init__(
            f"The alias {alias!r} at {str(address)!r} names {len(names)} versions at once ({', '.join(names)}), and "
            f"everyone has to be served from one. Leave it one of them; to keep {kept!r}: "
            f'POST /_aliases {{"actions": [{removals}]}}'
        )


class NamedByVersion(NotAnIndex):
    """A version of an index, or its ledger, was named in place of the index."""

    def __init__(self, *, address: object, name: str, alias: str) -> None:
        part = f"the ledger of a version of {alias!r}" if name.endswith("-ledger") else f"a version of {alias!r}"
        where = f"{str(address).removesuffix(name)}{alias}"
        IndexerError.__init__(self, f"{name!r} is {part}, not an index by itself. Name the index: {where}")


class OtherFormat(UnreadableFormat):
    """A version of an index was made with another format of documents or mapping than this one's."""

    def __init__(self, *, address: object, name: str, reason: object) -> None:
        IndexerError.__init__(
            self,
            f"{name!r} at {str(address)!r} cannot be used by this version: {reason} "
            "To load a new version beside it, run the command that loaded it with --rebuild.",
        )


class OtherVectors(VectorMismatch):
    """A version of an index holds vectors of another model than those brought to it."""

    def __init__(self, *, address: object, name: str, stored: str, asked: str, is_served: bool) -> None:
        way_out = (
            "load a new version beside it: the same command with --rebuild"
            if is_served
            else f"give it up: `biocpt drop {name}`"
        )
        IndexerError.__init__(
            self,
            f"{name!r} at {str(address)!r} holds {stored}, but was given {asked}. "
            f"Use the matching model set, or {way_out}.",
        )


class MadeOtherwise(IndexerError):
    """Options for a new index were given for one that exists, and was made with others."""

    def __init__(
        self, *, address: object, name: str, option: str, stored: object, asked: object, is_served: bool
    ) -> None:
        way_out = (
            "load a new version with it beside the one that is served (--rebuild)"
            if is_served
            else f"give up what is loaded: `biocpt drop {name}`"
        )
        super().__init__(
            f"{name!r} at {str(address)!r} was made with {option} {stored}, not {asked}. "
            f"Leave {option} out, or {way_out}."
        )


class UnreadableAnswer(IndexerError):
    """The answer to a request is not one that OpenSearch gives."""

    def __init__(self, *, doing: str, answer: object) -> None:
        super().__init__(
            f"The answer to the request to {doing} cannot be read: {str(answer)[:200]!r}. "
            "Check that the URL leads to OpenSearch, and not to a page in front of it."
        )


class NoProgress(IndexerError):
    """For a long time the cluster took nothing of what it was sent."""

    def __init__(self, *, doing: str, seconds: float, reason: str) -> None:
        super().__init__(
            f"The cluster did not {doing}, tried again for {seconds:.0f} s: {reason.rstrip('.')}. "
            "What was committed is stored; the same command goes on when run again."
        )


class ChangedMeanwhile(IndexerError):
    """Another loader wrote a record between our reading and writing, so that its vector is not the one to keep."""

    def __init__(self, *, id: str, index: str) -> None:
        super().__init__(
            f"Article {id!r} of {index!r} was changed by another loader while this one was writing it. "
            "Run the same command again: it goes on after the last finished file."
        )


class UnsoundVersion(IndexerError):
    """What a version holds is not what was loaded into it."""

    def __init__(self, *, address: object, name: str, why: str) -> None:
        super().__init__(
            f"{name!r} at {str(address)!r} is not served, and what was served is as before: {why}. "
            f"Check the cluster, then load it again with --force, or give it up with `biocpt drop {name}`."
        )


class NoSuchVersion(IndexerError):
    """An index has no version of this name."""

    def __init__(self, *, address: object, name: str, known: Iterable[str]) -> None:
        versions = ", ".join(known) or "none"
        super().__init__(f"The index at {str(address)!r} has no version {name!r}. Its versions are: {versions}.")


class StillServed(IndexerError):
    """A version that everyone is served from was to be dropped."""

    def __init__(self, *, address: object, name: str) -> None:
        super().__init__(
            f"{name!r} is what everyone is served at {str(address)!r}, and is not dropped. "
            "Load another in its place first (--rebuild)."
        )


class StillLoading(IndexerError):
    """A version that somebody is loading was to be dropped."""

    def __init__(self, *, address: object, name: str, loader: object) -> None:
        super().__init__(
            f"{name!r} at {str(address)!r} is being loaded ({loader}), and is not dropped. Stop its loaders first."
        )


class StillPublished(IndexerError):
    """A version that somebody is about to have served was to be dropped."""

    def __init__(self, *, address: object, name: str, publisher: str) -> None:
        super().__init__(
            f"{name!r} at {str(address)!r} is about to be served ({publisher}), and is not dropped. "
            "Wait until it is done; a dead process is noticed within half a minute."
        )


class DropOvertaken(IndexerError):
    """What is served changed at the moment at which versions were to be dropped."""

    def __init__(self, *, address: object, names: Iterable[str]) -> None:
        super().__init__(
            f"The alias was moved, or a version removed, at {str(address)!r} while {', '.join(names)} was to be "
            "dropped: nothing was. See `biocpt info`, and run the command again."
        )


class LoadedAlone(IndexLocked):
    """Somebody writes to a version alone, and so nobody else may."""

    def __init__(self, *, name: str, loader: object, since: str) -> None:
        IndexerError.__init__(
            self,
            f"{name!r} has been written to by {loader} since {since}, without --shard and so alone. "
            "Wait until it is done; or stop it, and run all loaders with --shard.",
        )


class OtherFiles(IndexerError):
    """A loader with a share was given another list of files than the shares before it."""

    def __init__(self, *, name: str, shares: int, theirs: Sequence[str], ours: Sequence[str]) -> None:
        apart = {"without": Counter(theirs) - Counter(ours), "with": Counter(ours) - Counter(theirs)}
        examples = [f"{word} {min(names)!r}" for word, names in apart.items() if names]
        super().__init__(
            f"{name!r} is being loaded in {shares:,} shares of {_files(len(theirs))}, but {_files(len(ours))} "
            f"{'is' if len(ours) == 1 else 'are'} named here, {' and '.join(examples)}. Name the same FILES to every "
            f"share; or load what is left without --shard; or give up what is loaded: `biocpt drop {name}`."
        )


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count:,} files"


class TakenForDead(IndexerError):
    """A loader was silent for so long that another loads in its place, or alone."""

    def __init__(self, *, name: str) -> None:
        super().__init__(
            f"This process gave no sign of life for so long that others went on loading {name!r} without it, and it "
            "writes nothing more. Run the same command again when they are done."
        )
