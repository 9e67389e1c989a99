"""What a side-car notes of the index that it belongs to: its URL, and the field map.

A folder has it in a file, an index in a cluster in the `_meta` of its mapping, beside what is there.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

from indexer.durability import sync
from indexer.engines.location import Location
from indexer.engines.opensearch.attached.field_map import FieldMap, of_mapping
from indexer.engines.opensearch.connecting import address
from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.opensearch.loading.versions import find_versions
from indexer.errors import DamagedIndex, NoIndex, UnreadableFormat

FILE = "attached.json"
KEY = "biocpt_beside"
"""Of the mapping's `_meta`."""
FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class BesideNote:
    """Whose vectors these are."""

    text: str
    """The URL of the index with the documents."""
    map: FieldMap


def note_of(said: Mapping[str, Any], *, location: object) -> BesideNote:
    """The note as it was written.

    Raises:
        UnreadableFormat: by another version of biocpt.
        DamagedIndex: somebody changed it.
    """
    if said.get("format") != FORMAT:
        raise UnreadableFormat(location=location, found=said.get("format"), supported=FORMAT)
    try:
        return BesideNote(text=said["text"], map=of_mapping(said["map"]))
    except (KeyError, TypeError) as error:
        reason = f"its note of the index that it belongs to lacks something ({error})"
        raise DamagedIndex(location=location, reason=reason) from error


def note_in_folder(folder: Path) -> BesideNote:
    """The note of a folder that is a side-car.

    Raises: DamagedIndex, where it cannot be read.
    """
    try:
        said = orjson.loads((folder / FILE).read_bytes())
    except (OSError, ValueError) as error:
        raise DamagedIndex(location=folder, reason=f"{FILE} cannot be read ({error})") from error
    return note_of(said, location=folder)


def note_in_meta(meta: Mapping[str, Any], *, location: object) -> BesideNote | None:
    """The note in the `_meta` of an index; None for one that is no side-car."""
    return note_of(meta[KEY], location=location) if KEY in meta else None


def write_note(location: Location, note: BesideNote) -> None:
    """Keep it with the side-car, which is there already."""
    said = {"format": FORMAT, **asdict(note)}
    if "://" not in location.name:
        _write_file(Path(location.name), said)
        return
    cluster = Cluster(address.parse(location.name), location.access)
    try:
        versions = find_versions(cluster)
        version = versions.building or versions.served
        if version is None:
            raise NoIndex(location=location)
        path, doing = f"/{version.name}/_mapping", f"note in {version.name!r} whose vectors it holds"
        held = cluster.request("GET", path, doing=doing)[version.name]["mappings"].get("_meta", {})
        cluster.request("PUT", path, {"_meta": {**held, KEY: said}}, doing=doing)
    finally:
        cluster.close()


def _write_file(folder: Path, said: Mapping[str, Any]) -> None:
    new = folder / f"{FILE}.new"
    new.write_bytes(orjson.dumps(said, option=orjson.OPT_INDENT_2))
    sync(new)
    new.replace(folder / FILE)
    sync(folder)
