"""Which of the served models a request means, by the name that it gives and the side that it says."""

from search.service.errors import UnknownServedModel
from search.service.inference import Inference, ServedModel, Side
from search.service.request_errors import InvalidField, SideNotSaid

SIDES: dict[str, Side] = {
    "query": "query",
    "search_query": "query",
    "article": "article",
    "document": "article",
    "passage": "article",
    "search_document": "article",
}
"""What clients call the two sides of a set → the side."""


def encoder(inference: Inference, name: str | None, side: Side | None) -> ServedModel:
    """The encoder meant by an encoder's name, a set's name, or none where one set is served.

    A set's name needs a side, unless its two encoders give the same vectors.

    Raises:
        UnknownServedModel: no such model, or a re-ranker.
        InvalidField: the name says another side than `side`.
        SideNotSaid: nothing says which of two encoders is meant.
    """
    if name is not None and name in inference.models:
        found = inference.find(name, side or "query")
        if side is not None and found.side != side:
            raise InvalidField("model", f"{name!r} encodes the {found.side} side, but the request asks for {side}")
        return found
    model_set = name if name is not None else _only_set(inference)
    sides = {each: inference.find(model_set, each) for each in (("query", "article") if side is None else (side,))}
    if len({found.fingerprint for found in sides.values()}) > 1:
        raise SideNotSaid(name, (found.name for found in sides.values()))
    return next(iter(sides.values()))


def reranker(inference: Inference, name: str | None) -> ServedModel:
    """The re-ranker meant by its name or its set's, or the only one there is where none is named.

    Raises:
        UnknownServedModel: no such model, or one that does not re-rank.
        InvalidField: none is named, and there are several.
    """
    return inference.find(_only_set(inference) if name is None else name, "rerank")


def _only_set(inference: Inference) -> str:
    names = {model.name: model.model_set for model in inference.models.values()}
    sets = set(names.values())
    if not sets:
        raise UnknownServedModel(name="", served=())
    if len(sets) > 1:
        raise InvalidField("model", f"models of several sets are served, so name one of {', '.join(names)}")
    return sets.pop()
