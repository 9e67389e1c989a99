"""OpenAI: /v1/embeddings and /v1/models."""

from base64 import b64encode

from fastapi import APIRouter, Request

from search.service import choosing
from search.service.echo import json_escaped
from search.service.errors import UnknownServedModel
from search.service.inference import ServedModel
from search.service.json_response import JsonResponse
from search.service.routes.serving import Served, StrictRoute, embedded, errors, little_endian, refuse_other_width
from search.service.schemas.openai import EmbeddingsAnswer, EmbeddingsRequest, ErrorAnswer, Model, Models

router = APIRouter(tags=["OpenAI"], route_class=StrictRoute, responses=errors(ErrorAnswer))


@router.post("/v1/embeddings", response_model=EmbeddingsAnswer)
async def embeddings(body: EmbeddingsRequest, inference: Served, request: Request) -> JsonResponse:
    """Texts to vectors. For an article encoder a text's first line is the title, the rest the abstract."""
    side = None if body.input_type is None else choosing.SIDES[body.input_type]
    served = choosing.encoder(inference, body.model, side)
    refuse_other_width("dimensions", body.dimensions, served)
    done = await embedded(request, served, body.input)
    rows: list[object] = list(done.vectors)
    if body.encoding_format == "base64":
        rows = [b64encode(row).decode("ascii") for row in little_endian(done.vectors)]
    data: list[dict[str, object]] = [
        {"object": "embedding", "index": index, "embedding": row} for index, row in enumerate(rows)
    ]
    if body.echo == "json":
        for item, text in zip(data, body.input, strict=True):
            item["text"] = json_escaped(text)
    tokens = sum(done.tokens)
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    cut = [index for index, is_cut in enumerate(done.cut) if is_cut]
    answer = {"object": "list", "data": data, "model": body.model, "usage": usage}
    return JsonResponse({**answer, "truncated": cut} if cut else answer)


@router.get("/v1/models", response_model=Models)
async def models(inference: Served) -> JsonResponse:
    """Every model that is served."""
    served = inference.models
    return JsonResponse({"object": "list", "data": [_model(name, each) for name, each in served.items()]})


@router.get("/v1/models/{model}", response_model=Model)
async def model(model: str, inference: Served) -> JsonResponse:
    """One model that is served."""
    served = inference.models
    if model not in served:
        raise UnknownServedModel(name=model, served=served)
    return JsonResponse(_model(model, served[model]))


def _model(name: str, served: ServedModel) -> dict[str, object]:
    return {
        "id": name,
        "object": "model",
        "created": 0,
        "owned_by": "biocpt",
        "side": served.side,
        "dimension": served.dimension,
        "max_tokens": served.max_tokens,
        "similarity": served.similarity,
        "precision": served.precision,
        "fingerprint": served.fingerprint,
    }
