"""Open an index for loading, with the encoder that belongs to it: the wiring point of `biocpt index`."""

import re
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from indexer.engines import kind_of, open_reader, open_writer
from indexer.engines.location import AnyLocation, located
from indexer.engines.protocol import VectorSpace, Writer
from indexer.engines.usable import describe
from indexer.engines.writing import DEFAULT, WriteOptions
from indexer.errors import NoIndex, UnreadableFormat, VectorMismatch
from indexer.rejects import Rejects
from onnx_models import Encoder, InstalledSet, RunOptions, find_set, load_encoder

DEFAULT_MODEL = "medcpt"
NO_MODEL = "none"
"""Asks for an index without vectors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadOptions:
    """Which model set to index with, and how it runs."""

    home: Path
    model: str | None = None
    """What was asked for this index; None: what the index remembers, and for a new one `default_model`."""
    default_model: str = DEFAULT_MODEL
    run: RunOptions = field(default_factory=RunOptions)
    writing: WriteOptions = DEFAULT
    """How the index is made and loaded, where its engine leaves a choice."""


def open_load(location: AnyLocation, options: LoadOptions) -> tuple[Writer, Encoder | None]:
    """A writer for the index at `location`, made if there is none, and its encoder; None for an index without vectors.

    Raises:
        VectorMismatch: the index holds vectors of another model set than the one asked for.
        IndexerError, ModelError: the index or the model cannot be opened. A new index is made last.
    """
    try:
        writer = open_writer(location, space=None, create=False, options=options.writing)
    except NoIndex:
        model = options.model or _model_to_rebuild(location, options) or options.default_model
        encoder, space = encoder_for_new(model, options)
        return open_writer(location, space=space, options=options.writing), encoder
    try:
        return writer, _remembered(location, writer.space, options)
    except BaseException:
        writer.close()
        raise


def _model_to_rebuild(location: AnyLocation, options: LoadOptions) -> str:
    """The model set of the version that a rebuild is to replace; "" where there is none, or none that can be read."""
    if not options.writing.rebuild:
        return ""
    try:
        with closing(open_reader(location)) as reader:
            space = reader.info(versions=False).space
    except (NoIndex, UnreadableFormat):
        return ""
    return NO_MODEL if space is None else space.model


def encoder_for_new(name: str, options: LoadOptions) -> tuple[Encoder | None, VectorSpace | None]:
    """The encoder of a new index's vectors, and the space of these; None for an index without."""
    if name == NO_MODEL:
        return None, None
    return encoder_of(name, options)


def encoder_of(name: str, options: LoadOptions) -> tuple[Encoder, VectorSpace]:
    """The article encoder of a model set, and the space of its vectors.

    Raises: ModelError, where there is no such set or it cannot be opened.
    """
    models = find_set(options.home, name)
    encoder = load_encoder(models.article, options.run)
    return encoder, VectorSpace(
        model=models.model_set.name,
        fingerprint=encoder.fingerprint,
        dimension=encoder.dimension,
        similarity=encoder.similarity,
        precision=encoder.runtime.precision,
        query_fingerprint=models.query.identity,
    )


def _remembered(location: AnyLocation, space: VectorSpace | None, options: LoadOptions) -> Encoder | None:
    if space is None:
        if options.model not in (None, NO_MODEL):
            raise VectorMismatch(index=location, stored=describe(space), asked=f"model set {options.model!r}")
        return None
    if options.model == NO_MODEL:
        raise VectorMismatch(index=location, stored=describe(space), asked="no model (--model none)")
    models = find_set(options.home, options.model or space.model)
    if models.article.fingerprint != space.fingerprint:
        raise VectorMismatch(index=location, stored=describe(space), asked=_named(models))
    return load_encoder(models.article, options.run)


def _named(models: InstalledSet) -> str:
    return f"model set {models.model_set.name} (fingerprint {models.article.fingerprint[:12]})"


def rejects_of(location: AnyLocation, asked: Path | None, *, state: Path) -> Rejects:
    """Where the records are listed that a load into this index rejects.

    Args:
        location: of the index.
        asked: a file that was named; None: one in the index's folder, or for a URL one in `state`, named after it.
        state: a folder of this machine, made when something is rejected.
    """
    name = located(location).name
    if asked is not None:
        return Rejects(asked)
    if kind_of(location) == "folder":
        return Rejects(Path(name) / "rejects.jsonl")
    plain = re.sub(r"[^a-z0-9._-]+", "-", name.partition("://")[2].rstrip("/").lower())
    return Rejects(state / "rejects" / f"{plain}.jsonl")
