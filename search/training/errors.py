"""What can go wrong when data for training is made from searches."""

from collections.abc import Mapping
from pathlib import Path

from search.errors import SearchError


class OtherMining(SearchError):
    """Mining was stopped, and is to go on with something else than it was begun with."""

    def __init__(self, *, folder: Path, differences: Mapping[str, tuple[object, object]]) -> None:
        said = "; ".join(f"{name} was {before!r} and is {now!r}" for name, (before, now) in differences.items())
        super().__init__(
            f"Mining was begun with other settings, whose notes are in {str(folder)!r}: {said}. "
            "Run it as it was begun, or remove that folder to begin anew."
        )


class BadTrainingData(SearchError):
    """A file that data for training cannot be made from."""

    def __init__(self, *, path: Path, problem: str) -> None:
        super().__init__(f"{str(path)!r} cannot be read as training data: {problem}.")


class NotForTraining(SearchError):
    """Judgements that models must not, or cannot, learn from."""

    def __init__(self, *, task: str, why: str) -> None:
        super().__init__(f"Nothing is learnt from task {task!r}: {why}.")
