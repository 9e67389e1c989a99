"""What sources of training data yield: an article was chosen for a query, or was not. Add a source: this protocol."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, Protocol

from search.training.tally import SourceTally


class Observation(NamedTuple):
    """One article seen with one query."""

    query: str
    article: str
    """Its id."""
    clicks: int
    """How often it was chosen, or the grade that people gave it; 0: it was shown or judged, and is no answer."""
    query_id: str = ""
    """"" where queries have none: the same words are the same query then, as they are anyway."""
    text: tuple[str, str] | None = None
    """(title, abstract) where the source itself says what is to be read; None: it is looked up."""


class Source(Protocol):
    """Where observations come from."""

    @property
    def name(self) -> str:
        """What counts are listed under."""

    @property
    def is_log(self) -> bool:
        """Whether these are people's searches, of which look-ups and keyword queries are to be dropped."""

    def read(self, tally: SourceTally, workspace: Path) -> Iterator[Observation]:
        """Everything that it holds, as it comes, in little memory.

        Each thing read is counted in `tally.read`, and is either yielded as one observation, or counted in
        `tally.removed`, or rejected there with its place. `workspace` is a folder for files, which is removed later.
        """
