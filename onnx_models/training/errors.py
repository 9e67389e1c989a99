"""What can go wrong when models are trained."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from onnx_models.errors import ModelError


class BadDataset(ModelError):
    """A folder that is no prepared dataset, or not as it was written."""

    def __init__(self, *, folder: Path, problem: str) -> None:
        super().__init__(
            f"{str(folder)!r} is no dataset to train on: {problem}. Write it again by `biocpt train prepare`."
        )


class DatasetExists(ModelError):
    """A dataset is written whole and never changed, so its folder has to be new."""

    def __init__(self, *, folder: Path) -> None:
        super().__init__(f"{str(folder)!r} is there already. Name another folder, or remove it first.")


class EmptyDataset(ModelError):
    """Nothing was left to train on."""

    def __init__(self, *, folder: Path, counts: str) -> None:
        super().__init__(f"No example is left for {str(folder)!r}, so nothing was written: {counts}.")


class BadExample(ModelError):
    """A query with its passages that cannot be learnt from."""

    def __init__(self, *, query_id: str, problem: str) -> None:
        super().__init__(f"Query {query_id!r} cannot be stored: {problem}.")


class NoSuchShare(ModelError):
    """A part of an epoch that does not exist."""

    def __init__(self, *, option: str, value: int, allowed: str) -> None:
        super().__init__(f"{option} cannot be {value!r}. Allowed: {allowed}.")


class UnknownKind(ModelError):
    """Examples of a kind that datasets do not have."""

    def __init__(self, *, kind: str, known: Iterable[str]) -> None:
        super().__init__(f"Unknown kind of examples {kind!r}. Known: {', '.join(known)}.")


class NothingToTrain(ModelError):
    """The data gives no batch."""

    def __init__(self, *, epoch: int) -> None:
        super().__init__(
            f"Epoch {epoch} has no batch to train on. Prepare more examples, or lower the batch size and the processes."
        )


class LossNotFinite(ModelError):
    """Training has run away; the weights before it did are kept as the last checkpoint has them."""

    def __init__(self, *, what: str, value: float, step: int, place: str, kept: str | None) -> None:
        held = f"The last good checkpoint is {kept}" if kept else "No checkpoint had been written yet"
        super().__init__(
            f"The {what} is {value!r} at step {step} ({place}); training has stopped. {held}. "
            "Start anew with a lower learning rate, a longer warm-up or fp32."
        )


class MeasureNotFinite(ModelError):
    """A measurement by which nothing can be called the best."""

    def __init__(self, *, value: float, step: int, kept: str | None) -> None:
        held = f"The last good checkpoint is {kept}" if kept else "No checkpoint had been written yet"
        super().__init__(
            f"The measurement is {value!r} right after step {step}, and better cannot be told from worse by it; "
            f"training has stopped. {held}. Check what is measured, then ask for the same again."
        )


class OtherRun(ModelError):
    """A folder that holds the state of a run with other settings, data or models."""

    def __init__(self, *, path: Path, differences: Mapping[str, tuple[object, object]]) -> None:
        listed = "; ".join(f"{name} was {kept!r}, now {asked!r}" for name, (kept, asked) in differences.items())
        super().__init__(
            f"{str(path)!r} belongs to another run: {listed}. Ask for what was asked then to go on with it, "
            "or remove the folder or name another to begin anew."
        )


class ProcessesApart(ModelError):
    """Processes of one run that would not compute one thing: another checkpoint, data or models."""

    def __init__(self, *, rank: int, differences: Mapping[str, tuple[object, object]]) -> None:
        listed = "; ".join(f"{name} is {own!r}, not {first!r}" for name, (first, own) in differences.items())
        super().__init__(
            f"Process {rank} of the run begins otherwise than the first: {listed}. "
            "Give all of them the same command, and one folder on a disk that they share."
        )


class DamagedState(ModelError):
    """A run's state that cannot be read."""

    def __init__(self, *, path: Path, reason: str) -> None:
        first = next(iter(reason.splitlines()), "")
        super().__init__(f"{str(path)!r} cannot be read: {first}. Remove the folder to begin the run anew.")


class NoNegatives(ModelError):
    """Lists in which there is nothing to tell the positive from."""

    def __init__(self, *, folder: Path) -> None:
        super().__init__(
            f"No list of {str(folder)!r} has a passage that does not answer its query. "
            "Add some by `biocpt train mine`, then train on what it wrote."
        )


class NoTeacher(ModelError):
    """Distillation from scores that are not there."""

    def __init__(self, *, folder: Path, query_id: str, distillation: str) -> None:
        super().__init__(
            f"Distillation {distillation!r} learns from a teacher's scores, and query {query_id!r} of {str(folder)!r} "
            "has none. Write them by `biocpt train mine`, or train without it."
        )


class NoSetToJoin(ModelError):
    """A cross-encoder alone searches nothing: it belongs to a set with encoders."""

    def __init__(self, *, folder: Path) -> None:
        super().__init__(
            f"{str(folder)!r} has no set.toml, so there is nothing to add a re-ranker to. Name the folder of a set, "
            "such as `biocpt train retriever --out` made, or start from a set, whose encoders are copied."
        )


class BadRecord(ModelError):
    """What an earlier training noted for the model card cannot be read."""

    def __init__(self, *, path: Path, problem: str) -> None:
        super().__init__(f"{str(path)!r} cannot be read ({problem}). Remove it to leave that training out.")
