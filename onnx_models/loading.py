"""Open an installed model as an encoder or a re-ranker, on the backend that was asked for."""

from dataclasses import replace
from typing import TYPE_CHECKING, Literal, assert_never

from onnx_models.errors import ModelNotExported, UnsuitableModel
from onnx_models.installed import InstalledModel, InstalledSet
from onnx_models.open_graphs import OpenGraphs, precision_of
from onnx_models.runtime import RunOptions

if TYPE_CHECKING:
    from onnx_models.onnx_encoder import OnnxEncoder
    from onnx_models.reranker import Reranker
    from onnx_models.tokenizer import TextTokenizer

RerankerChoice = Literal["auto", "none", "cross", "late"]

DEFAULT = RunOptions()


def load_encoder(
    model: InstalledModel, options: RunOptions = DEFAULT, graphs: OpenGraphs | None = None
) -> "OnnxEncoder":
    """Open one side of a set. A query encoder is opened for quick answers, an article encoder for bulk.

    Args:
        model: the side.
        options: how to run it.
        graphs: those that are open already, for sides that share weights; None: none.

    Raises:
        ModelError: the runtime, provider, precision or graph that was asked for cannot be had.
    """
    from onnx_models.onnx_encoder import OnnxEncoder

    return OnnxEncoder(
        _tokenizer(model),
        (graphs or OpenGraphs()).session(model, options, output="main", low_latency=model.spec.role == "query"),
        fingerprint=model.fingerprint,
        dimension=model.manifest.hidden_size,
        token_budget=options.token_budget,
    )


def load_reranker(
    models: InstalledSet,
    kind: RerankerChoice = "auto",
    options: RunOptions = DEFAULT,
    graphs: OpenGraphs | None = None,
) -> "Reranker | None":
    """Open a set's re-ranker; None for `none`, and for `auto` where the set can have none.

    `auto` takes the set's cross-encoder; without one, late interaction where queries and articles share weights
    and the graph of token states was made.
    `one_shot` does not count: a re-ranker reads many passages for one query, so it pays to open it properly.
    `graphs` are as for `load_encoder`: late interaction runs in the session of the article encoder, if it is there.

    Raises:
        UnsuitableModel: the set cannot re-rank in the way that was asked for.
    """
    options, graphs = replace(options, one_shot=False), graphs or OpenGraphs()
    match kind:
        case "none":
            return None
        case "cross":
            return _cross_encoder(models, options, graphs)
        case "late":
            return _late_interaction(models, options, graphs)
        case "auto" if models.cross is not None:
            return _cross_encoder(models, options, graphs)
        case "auto":
            return _late_interaction(models, options, graphs) if _compares_tokens(models, options) else None
        case _:
            assert_never(kind)


def _cross_encoder(models: InstalledSet, options: RunOptions, graphs: OpenGraphs) -> "Reranker":
    from onnx_models.cross_encoder import CrossEncoder

    model = models.cross
    if model is None:
        problem = "it has no cross-encoder; use `late`, `auto` or `none`"
        raise UnsuitableModel(model=models.model_set.name, problem=problem)
    return CrossEncoder(
        _tokenizer(model),
        graphs.session(model, options, output="main", low_latency=False),
        labels=model.manifest.labels,
        token_budget=options.token_budget,
    )


def _late_interaction(models: InstalledSet, options: RunOptions, graphs: OpenGraphs) -> "Reranker":
    from onnx_models.late_interaction import LateInteraction, TokenStates

    if not _shared_weights(models):
        problem = (
            "its query and article encoders have different weights, so their token states "
            "cannot be compared; use `cross`, `auto` or `none`"
        )
        raise UnsuitableModel(model=models.model_set.name, problem=problem)
    session = graphs.session(models.article, options, output="tokens", low_latency=False)
    return LateInteraction(
        TokenStates(tokenizer=_tokenizer(models.query), session=session),
        TokenStates(tokenizer=_tokenizer(models.article), session=session),
        token_budget=options.token_budget,
    )


def _shared_weights(models: InstalledSet) -> bool:
    return models.query.manifest.source.weights_sha256 == models.article.manifest.source.weights_sha256


def _compares_tokens(models: InstalledSet, options: RunOptions) -> bool:
    try:
        models.article.graph(precision_of(options), "tokens")
    except ModelNotExported:
        return False
    return _shared_weights(models)


def _tokenizer(model: InstalledModel) -> "TextTokenizer":
    from onnx_models.tokenizer import TextTokenizer

    tokenizer = TextTokenizer(model.tokenizer_file, model.spec, max_positions=model.manifest.max_positions)
    segments = model.manifest.token_types
    if (model.spec.layout == "pair" or model.spec.role == "cross") and 0 < segments < tokenizer.pair_segments:
        problem = f"it reads pairs of texts, and tells {segments} segment apart; an encoder can have layout = 'concat'"
        raise UnsuitableModel(model=model.spec.name, problem=problem)
    return tokenizer
