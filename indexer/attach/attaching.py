"""One index that is not ours, opened to be attached, kept up to date or taken back: what `biocpt attach` calls."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any

from indexer.attach import filling, undoing
from indexer.attach.beside import note_at
from indexer.attach.filling import FillOptions
from indexer.attach.proposal import Proposal, propose
from indexer.attach.sample import take_sample
from indexer.attach.tally import Outcome, Tally
from indexer.engines.location import Location
from indexer.engines.opensearch.attached import record
from indexer.engines.opensearch.attached.beside_note import BesideNote
from indexer.engines.opensearch.attached.errors import (
    NotBeside,
    NothingAttached,
    NotInPlace,
    OtherAttachment,
    OtherMap,
)
from indexer.engines.opensearch.attached.field_map import FieldMap, require_usable
from indexer.engines.opensearch.attached.foreign import Foreign, foreign
from indexer.engines.opensearch.attached.record import Record
from indexer.engines.opensearch.attached.theirs import Theirs
from indexer.engines.opensearch.connecting import address
from indexer.engines.opensearch.connecting.capabilities import require
from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.protocol import VectorSpace
from indexer.engines.usable import describe
from onnx_models.encoder import Encoder


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What attaching would change, before anything is."""

    record: Record
    mapping: Mapping[str, Any] | None
    """The body of `PUT /<index>/_mapping`; None for an index that has its fields already."""


class Attaching:
    """An index of somebody's in a cluster, described when this is opened."""

    def __init__(self, location: Location) -> None:
        """Read its mapping.

        Raises: IndexerError, where there is no one index of that name, or it is ours.
        """
        self._location = location
        self._cluster = Cluster(address.parse(location.name), location.access)
        try:
            self.index: Foreign = foreign(self._cluster)
            self.record: Record | None = record.record_of(self.index.meta, location=self._cluster.address)
        except BaseException:
            self._cluster.close()
            raise

    @property
    def address(self) -> str:
        """As messages show it."""
        return str(self._cluster.address)

    def proposal(self) -> Proposal:
        """A field map with its reasons.

        Raises: NoText.
        """
        theirs = {path: leaf for path, leaf in self.index.leaves.items() if not record.is_ours(leaf.source)}
        return propose(theirs, take_sample(self._cluster, self.index), address=self._cluster.address)

    def require_place(self) -> None:
        """Refuse an index that no vectors can be added to, before a model is loaded for it.

        Raises: NotInPlace, with every reason; MissingPlugin, OldServer.
        """
        require(self._cluster, vectors=True)
        obstacles = [] if self.record is not None else self.index.obstacles()
        if obstacles:
            raise NotInPlace(address=self._cluster.address, reasons=obstacles)

    def plan(self, map: FieldMap | None, space: VectorSpace) -> Plan:
        """How this index would be attached; `map`: None for the one it has, else the proposed one.

        Raises:
            UnusableField: the map names a field that cannot serve.
            OtherAttachment, OtherMap: it is attached with another model, or by another map.
        """
        if self.record is not None:
            self._require_same(self.record, map, space)
            return Plan(record=self.record, mapping=None)
        wanted = map or self.proposal().map
        require_usable(wanted, self.index.leaves)
        server = require(self._cluster, vectors=True).version
        added = record.free_names(self._cluster, self.index, space, server)
        made = Record(map=wanted, added=added, space=space)
        return Plan(record=made, mapping=record.body_of(self.index, made, server))

    def apply(self, plan: Plan, encoder: Encoder, options: FillOptions) -> Generator[Tally, None, Outcome]:
        """Add fields and note to the mapping, and to each document without a vector the one of its text."""
        if plan.mapping is not None and not options.dry_run:
            record.note(self._cluster, self.index, plan.mapping)
        query = filling.to_be_filled(plan.record)
        return filling.fill(self._cluster, self.index, plan.record, encoder, query=query, options=options)

    def sync(self, encoder: Encoder, options: FillOptions) -> Generator[Tally, None, Outcome]:
        """Vectors for documents that were added or changed since, and none for those whose text is gone."""
        held = self.require_attached()
        return filling.fill(self._cluster, self.index, held, encoder, query=filling.EVERY, options=options)

    def undo(self, options: FillOptions) -> Generator[Tally, None, Outcome]:
        """Take our values back."""
        return undoing.undo(self._cluster, self.index, self.require_attached(), options)

    def theirs(self, map: FieldMap) -> Theirs:
        """Its documents, read by a map.

        Raises: UnusableField.
        """
        require_usable(map, self.index.leaves)
        return Theirs(self._cluster, self.index, map, timeout=self._location.access.timeout)

    def side_car(self, location: Location, map: FieldMap | None) -> BesideNote:
        """What a side-car at `location` notes of this index; `map`: None for the one it has, else the proposed one.

        Raises: NotBeside, where something else is there, or the side-car of another index or map.
        """
        held = note_at(location)
        if held is None:
            return BesideNote(text=self.address, map=map or self.proposal().map)
        if held.text != self.address:
            raise NotBeside(location=location, why=f"it belongs to {held.text!r}")
        if map is not None and held.map != map:
            raise NotBeside(location=location, why="it was made by another field map")
        return held

    def close(self) -> None:
        """Let go of the connections."""
        self._cluster.close()

    def require_attached(self) -> Record:
        """What is attached.

        Raises: NothingAttached.
        """
        if self.record is None:
            raise NothingAttached(address=self._cluster.address)
        return self.record

    def _require_same(self, held: Record, map: FieldMap | None, space: VectorSpace) -> None:
        if not held.space.fits(space):
            raise OtherAttachment(address=self._cluster.address, stored=describe(held.space), asked=describe(space))
        if map is not None and map != held.map:
            raise OtherMap(address=self._cluster.address)
