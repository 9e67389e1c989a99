"""Open a searcher: the one wiring point of index, model set, query encoder and re-ranker."""

import logging
from dataclasses import dataclass, field
from pathlib import Path

from indexer.engines import open_reader
from indexer.engines.protocol import IndexInfo, Reader
from onnx_models import RerankerChoice, RunOptions, find_set, load_encoder, load_reranker
from onnx_models.errors import ModelNotInstalled
from onnx_models.installed import InstalledSet
from search.errors import ModelMismatch, NoVectors
from search.request import Mode
from search.searcher import Searcher

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class SearcherOptions:
    """What to open: `model` (None: the set that made the index), the re-ranker, and how models run."""

    home: Path
    model: str | None = None
    mode: Mode = "hybrid"
    """Which lists will be asked; models that they do not need are not loaded."""
    rerank: RerankerChoice = "auto"
    run: RunOptions = field(default_factory=RunOptions)


def open_searcher(location: str, options: SearcherOptions) -> Searcher:
    """A searcher for the index at `location`.

    Raises:
        ModelMismatch: the query encoder is not the partner of the encoder that made the index's vectors.
        NoVectors: the mode needs vectors and the index has none.
        IndexerError, ModelError: the index or a model cannot be opened.
    """
    index = open_reader(location)
    try:
        return _with_models(index, options)
    except BaseException:
        index.close()
        raise


def _with_models(index: Reader, options: SearcherOptions) -> Searcher:
    info = index.info()
    if info.space is None and options.mode != "lexical":
        raise NoVectors(info.location, options.mode)
    models = _models(info, options)
    if models is None:
        return Searcher(index, None)
    encoder = None
    if options.mode != "lexical":
        _refuse_strangers(info, models)
        encoder = load_encoder(models.query, options.run)
    reranker = load_reranker(models, options.rerank, options.run)
    return Searcher(index, encoder, reranker, models.model_set.rerank_mix)


def _models(info: IndexInfo, options: SearcherOptions) -> InstalledSet | None:
    """The set to use; None where neither the mode nor a re-ranker needs one."""
    lexical = options.mode == "lexical"
    name = options.model or (info.space.model if info.space else None)
    if (lexical and options.rerank == "none") or name is None:
        return None
    try:
        return find_set(options.home, name)
    except ModelNotInstalled:
        if lexical and options.rerank == "auto":
            log.info("Model set %r is not installed: lexical lists are not re-ranked.", name)
            return None
        raise


def _refuse_strangers(info: IndexInfo, models: InstalledSet) -> None:
    """An index is searched only with the partner of the encoder that made its vectors."""
    space = info.space
    if space is not None and space.fingerprint != models.article.fingerprint:
        raise ModelMismatch(
            info.location,
            stored=f"{space.model} ({space.dimension}-d, fingerprint {space.fingerprint[:12]})",
            asked=f"{models.model_set.name} (fingerprint {models.article.fingerprint[:12]})",
        )
