"""Whose documents an index belongs to, where these are not ours: asked before anything writes or compares articles."""

from pathlib import Path
from typing import NamedTuple

from indexer.engines.location import Location
from indexer.engines.opensearch.attached import record
from indexer.engines.opensearch.attached.beside_note import note_in_folder, note_in_meta
from indexer.engines.opensearch.attached.foreign import foreign
from indexer.engines.opensearch.connecting import address
from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.opensearch.errors import NotOurs
from indexer.engines.opensearch.loading.versions import find_versions
from indexer.errors import IndexerError


class Belonging(NamedTuple):
    """To which documents."""

    text: str
    """The URL of the index that holds them."""
    is_beside: bool
    """Whether it is a side-car; else it is that index itself, with vectors attached."""


def of_folder(location: Location) -> Belonging:
    """Of a folder that is a side-car.

    Raises: UnreadableFormat, DamagedIndex, where its note cannot be read.
    """
    return Belonging(note_in_folder(Path(location.name)).text, is_beside=True)


def in_cluster(location: Location) -> Belonging | None:
    """None for an index of ours, for none at all, and for one that nothing is attached to.

    Raises: IndexerError, where the cluster cannot be asked.
    """
    cluster = Cluster(address.parse(location.name), location.access)
    try:
        versions = find_versions(cluster).all.values()
        notes = (note_in_meta(version.notes, location=location) for version in versions)
        return next((Belonging(note.text, is_beside=True) for note in notes if note is not None), None)
    except NotOurs:
        return _of_theirs(cluster)
    finally:
        cluster.close()


def _of_theirs(cluster: Cluster) -> Belonging | None:
    try:
        held = record.record_of(foreign(cluster).meta, location=cluster.address)
    except IndexerError:  # what is there cannot be attached to: whoever opens it says why
        return None
    return None if held is None else Belonging(str(cluster.address), is_beside=False)
