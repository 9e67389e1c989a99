"""Open the models of a server: load each, and let it run once, so that its speed is known before the first request."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from onnx_models import InstalledModel, InstalledSet, RerankerChoice, RunOptions, find_set, load_encoder, load_reranker
from onnx_models.cross_encoder import CrossEncoder
from onnx_models.late_interaction import LateInteraction
from onnx_models.onnx_encoder import OnnxEncoder
from onnx_models.open_graphs import OpenGraphs
from search.service.batching import Batcher
from search.service.engines import ArticleEngine, CrossEngine, Engine, LateEngine, QueryEngine
from search.service.errors import SameName
from search.service.inference import Inference, Lane, ServedModel, Side
from search.service.limits import Limits

_QUESTION = "Do statins prevent a second heart attack?"
_TEXT = "Statins and the heart\n" + "The risk of a second heart attack is lower in patients who take statins. " * 40
"""More than a model reads."""


def open_inference(
    home: Path, sets: Iterable[str], *, rerank: RerankerChoice, run: RunOptions, limits: Limits
) -> Inference:
    """The encoders and the re-rankers of these sets, by name or folder.

    Raises:
        ModelError: a set or one of its models cannot be opened.
        SameName: two sets have one name.
    """
    run = replace(run, copy_weights=True)
    lanes: list[Lane] = []
    for models in _each_once(find_set(home, name) for name in sets):
        lanes += _lanes(models, rerank, run)
    return Inference(lanes, limits)


def _each_once(sets: Iterable[InstalledSet]) -> Iterable[InstalledSet]:
    """The sets by the name that requests give for them; one that was given twice is one."""
    found: dict[str, InstalledSet] = {}
    for models in sets:
        name = models.model_set.name
        if (other := found.setdefault(name, models)).folder.resolve() != models.folder.resolve():
            raise SameName(name=name, folders=(str(other.folder), str(models.folder)))
    return found.values()


def _lanes(models: InstalledSet, rerank: RerankerChoice, run: RunOptions) -> Iterator[Lane]:
    graphs = OpenGraphs()
    query, article = load_encoder(models.query, run, graphs), load_encoder(models.article, run, graphs)
    yield _lane(models, "query", models.query, query, QueryEngine(query))
    yield _lane(models, "article", models.article, article, ArticleEngine(article))
    match load_reranker(models, rerank, run, graphs):
        case CrossEncoder() as cross:
            yield _lane(models, "rerank", models.cross or models.article, cross, CrossEngine(cross))
        case LateInteraction() as late:
            yield _lane(models, "rerank", models.article, late, LateEngine(late))


def _lane(
    models: InstalledSet,
    side: Side,
    installed: InstalledModel,
    model: OnnxEncoder | CrossEncoder | LateInteraction,
    engine: Engine,
) -> Lane:
    set_name, spec = models.model_set.name, installed.spec
    encoder = model if isinstance(model, OnnxEncoder) else None
    served = ServedModel(
        name=f"{set_name}-{side}",
        model_set=set_name,
        side=side,
        dimension=None if encoder is None else encoder.dimension,
        max_tokens=model.max_tokens,
        fingerprint=installed.fingerprint,
        precision=model.runtime.precision,
        kind="encoder" if isinstance(model, OnnxEncoder) else model.kind,
        similarity=None if encoder is None else encoder.similarity,
        runtime=str(model.runtime),
    )
    names = [served.name] if served.kind == "late" else [served.name, spec.name]
    batcher = Batcher(engine.run, threads=model.concurrency, token_budget=model.token_budget, name=served.name)
    batcher.warm_up(engine.read(_QUESTION, [_TEXT]).tokens[0], engine.companion(_QUESTION))
    return Lane(served=served, names=tuple(dict.fromkeys(names)), engine=engine, batcher=batcher)
