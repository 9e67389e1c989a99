"""What came of the documents of somebody's index, as figures that add up."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Of one run over an index. Each document that was looked at is counted once; `read` is the sum of the others."""

    found: int = 0
    """Documents to look at, counted before the first was read."""
    read: int = 0
    fresh: int = 0
    """That have the vector of their text already."""
    without_text: int = 0
    """There is nothing to encode in them, and nothing of ours either."""
    encoded: int = 0
    """That were given a vector, those that are on their way too (`--dry-run`: that would be)."""
    cleared: int = 0
    """Whose vector was taken out."""
    gone: int = 0
    """That somebody deleted between our reading and writing."""
    refused: int = 0
    """That the cluster would not change."""
    twins: int = 0
    """With the id of another that was read before, under another routing: a side-car has one vector an id, of that."""

    @property
    def settled(self) -> int:
        """All that came to an end."""
        ended = self.fresh + self.without_text + self.encoded + self.cleared + self.gone + self.refused
        return ended + self.twins


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What an index holds after a run, counted in it."""

    documents: int
    with_vector: int
    tally: Tally
    refusals: tuple[tuple[str, str], ...] = ()
    """Ids and reasons of the first that were refused."""
    is_seen: bool = True
    """Whether searches see all of it by now; else they do after the index's own refresh."""
