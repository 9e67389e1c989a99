"""What every route is handed, and the checks that several APIs share."""

from collections.abc import Callable, Coroutine, Sequence
from typing import Annotated, Any

import numpy as np
import orjson
from fastapi import Depends, Request
from fastapi.routing import APIRoute
from numpy.typing import NDArray
from starlette.responses import Response

from onnx_models.errors import ModelRunFailed
from search.service.errors import Overloaded
from search.service.inference import Embedded, Inference, Scored, ServedModel
from search.service.json_response import JsonResponse
from search.service.observing import note
from search.service.request_errors import InvalidField


class StrictJson(Request):
    """A request whose body is read as the standard says: in UTF-8, without NaN, and only so deep as texts ever are."""

    async def json(self) -> Any:
        """The body, parsed; a `json.JSONDecodeError` for what is no JSON."""
        return orjson.loads(await self.body())


class StrictRoute(APIRoute):
    """A route that reads its body as StrictJson."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler on our request."""
        handler = super().get_route_handler()

        async def strictly(request: Request) -> Response:
            return await handler(StrictJson(request.scope, request.receive))

        return strictly


def inference_of(request: Request) -> Inference:
    """The models that answer."""
    inference: Inference = request.app.state.inference
    return inference


Served = Annotated[Inference, Depends(inference_of)]
"""The same as a route's parameter."""
Responses = dict[int | str, dict[str, Any]]


def errors(model: type) -> Responses:
    """What /openapi.json says of refusals; every API has the same, each in its own words."""
    return {
        "4XX": {"model": model, "description": "Refused: the message says what to do."},
        "5XX": {"model": model, "description": "Stopping, too late, or failed: the message says which."},
    }


def refuse_other_width(field: str, asked: int | None, served: ServedModel) -> None:
    """Vectors have the model's own width: cutting them off would change what is near to what.

    Raises:
        InvalidField: another width was asked for.
    """
    if asked is not None and asked != served.dimension:
        problem = f"{served.name} gives {served.dimension} dimensions and cannot give {asked:,}"
        raise InvalidField(field, f"{problem}; leave the field out")


def refuse_cut(field: str, done: Embedded | Scored, served: ServedModel) -> None:
    """Texts that the client does not want to be cut.

    Raises:
        InvalidField: one is longer than the model reads.
    """
    if any(done.cut):
        place = f"{field}.{done.cut.index(True)}"
        problem = f"the text is longer than the {served.max_tokens} tokens that {served.name} reads"
        raise InvalidField(place, f"{problem}; shorten it, or allow it to be cut")


def health(inference: Inference) -> JsonResponse:
    """That the server is there; `busy` while it takes no more than it has.

    Raises:
        Stopping: it will soon be gone.
    """
    try:
        inference.refuse_if_full()
    except Overloaded:
        return JsonResponse({"status": "busy"})
    return JsonResponse({"status": "ok"})


async def embedded(request: Request, served: ServedModel, texts: Sequence[str]) -> Embedded:
    """The texts' vectors, as `Inference.embed` gives them.

    Raises:
        ModelRunFailed: one has a number that JSON cannot hold.
    """
    done = await inference_of(request).embed(served.name, texts)
    note(request, served.name, done.tokens)
    refuse_infinite(done.vectors, served)
    return done


async def scored(request: Request, served: ServedModel, query: str, documents: Sequence[str]) -> Scored:
    """The documents' raw scores, as `Inference.rerank` gives them.

    Raises:
        ModelRunFailed: one is no number that JSON can hold.
    """
    done = await inference_of(request).rerank(served.name, query, documents)
    note(request, served.name, done.tokens)
    refuse_infinite(done.logits, served)
    return done


def refuse_infinite(values: NDArray[np.floating[Any]], served: ServedModel) -> None:
    """JSON has no NaN: clients would get a null among numbers.

    Raises:
        ModelRunFailed: there is one, or an infinity.
    """
    if not np.isfinite(values).all():
        reason = "it gave numbers that are not finite; check it with `biocpt models verify`"
        raise ModelRunFailed(graph=served.name, shape=values.shape, reason=reason)


def little_endian(vectors: NDArray[np.float32]) -> list[bytes]:
    """Each row's float32 values as bytes, the lowest first, on every machine."""
    return [row.tobytes() for row in vectors.astype("<f4", copy=False)]
