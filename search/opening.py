"""Open a searcher: the one wiring point of index, model set, query encoder and re-ranker."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from indexer.engines import open_reader
from indexer.engines.location import AnyLocation
from indexer.engines.protocol import IndexInfo, Reader, VectorSpace
from onnx_models import (
    Encoder,
    RerankerChoice,
    RunOptions,
    default_home,
    find_set,
    load_encoder,
    load_reranker,
)
from onnx_models.errors import ModelError
from onnx_models.installed import InstalledSet
from search.errors import InvalidRequest, ModelMismatch, NoVectors
from search.request import Mode
from search.searcher import Searcher


@dataclass(frozen=True, slots=True, kw_only=True)
class SearcherOptions:
    """What to open: `model` (None: the set that made the index), the re-ranker, and how models run."""

    home: Path | str = field(default_factory=default_home)
    """The folder that holds `models/`; that of `biocpt models` where BIOCPT_HOME is not set."""
    model: str | None = None
    mode: Mode = "hybrid"
    """Which lists will be asked; models that they do not need are not loaded."""
    rerank: RerankerChoice = "auto"
    run: RunOptions = field(default_factory=RunOptions)


def open_searcher(location: AnyLocation | Path, options: SearcherOptions | None = None) -> Searcher:
    """A searcher for the index at `location`: a folder, or the URL of an index in a cluster. Close it after use.

    Raises:
        ModelMismatch: the query encoder is not the partner of the encoder that made the index's vectors.
        NoVectors: the mode needs vectors and the index has none.
        IndexerError, ModelError: the index or a model cannot be opened.
    """
    index = open_reader(str(location) if isinstance(location, Path) else location)
    try:
        return _with_models(index, options or SearcherOptions())
    except BaseException:
        index.close()
        raise


def open_searchers(
    location: AnyLocation, options: SearcherOptions, kinds: Iterable[RerankerChoice]
) -> dict[RerankerChoice, Searcher]:
    """A searcher for each kind of re-ranker, over one index and one query encoder: closing one closes all.

    Raises:
        ModelMismatch, NoVectors, IndexerError, ModelError: see `open_searcher`.
    """
    index = open_reader(location)
    searchers: dict[RerankerChoice, Searcher] = {}
    encoder: Encoder | None = None
    try:
        for kind in kinds:
            searchers[kind] = _with_models(index, replace(options, rerank=kind), encoder)
            encoder = searchers[kind].encoder
    except BaseException:
        index.close()
        raise
    return searchers


def _with_models(index: Reader, options: SearcherOptions, encoder: Encoder | None = None) -> Searcher:
    info = index.info(versions=False)
    if options.mode == "lexical":
        return _lexical(index, info, options)
    if info.space is None:
        raise NoVectors(info.location, options.mode)
    models = find_set(Path(options.home), options.model or info.space.model)
    _refuse_strangers(info.location, info.space, models)
    if encoder is None:
        encoder = load_encoder(models.query, options.run)
    reranker = load_reranker(models, options.rerank, options.run)
    return Searcher(index, encoder, reranker, models.model_set.rerank_mix, info=info)


def _lexical(index: Reader, info: IndexInfo, options: SearcherOptions) -> Searcher:
    """BM25 needs no model; `auto` re-ranks where it can, and where it cannot the responses say why."""
    name = options.model or (info.space.model if info.space else None)
    if name is None and options.rerank in ("cross", "late"):
        raise InvalidRequest(
            f"Re-ranking by {options.rerank!r} needs a model set, and this index names none: name one."
        )
    if options.rerank == "none" or name is None:
        return Searcher(index, None, info=info)
    try:
        models = find_set(Path(options.home), name)
        reranker = load_reranker(models, options.rerank, options.run)
    except ModelError as error:
        if options.rerank != "auto" or options.model is not None:
            raise
        return Searcher(index, None, notes=(f"Not re-ranked: {error}",), info=info)
    return Searcher(index, None, reranker, models.model_set.rerank_mix, info=info)


def _refuse_strangers(location: str, space: VectorSpace, models: InstalledSet) -> None:
    """An index is searched only with the partner of the encoder that made its vectors.

    The partner may read longer queries or put another prefix before them; its weights, tokenizer and pooling stay.
    """
    name = models.model_set.name
    if space.fingerprint != models.article.fingerprint:
        raise ModelMismatch(
            location,
            stored=f"{space.model} ({space.dimension}-d, fingerprint {space.fingerprint[:12]})",
            asked=f"{name} (fingerprint {models.article.fingerprint[:12]})",
        )
    if space.query_fingerprint not in ("", models.query.identity):
        raise ModelMismatch(
            location,
            stored=f"{space.model}, whose query encoder is {space.query_fingerprint[:12]}",
            asked=f"{name} with the query encoder {models.query.identity[:12]}",
        )
