"""Text Embeddings Inference (TEI): /embed, /rerank, /similarity and /info, each also below /tei/MODEL for one model.

TEI serves one model, so its clients name none: below /tei/MODEL, or with `model`, they say which is meant.
"""

from importlib.metadata import version

import numpy as np
from fastapi import APIRouter, Request
from numpy.typing import NDArray

from search.service import choosing
from search.service.inference import Embedded, ServedModel, Side
from search.service.json_response import JsonResponse
from search.service.relevance import ranked
from search.service.request_errors import InvalidField
from search.service.routes.serving import (
    StrictRoute,
    embedded,
    errors,
    health,
    inference_of,
    refuse_cut,
    refuse_other_width,
    scored,
)
from search.service.schemas.tei import (
    EmbedRequest,
    ErrorAnswer,
    Health,
    Info,
    Rank,
    RerankRequest,
    SimilarityRequest,
    Truncatable,
)

router = APIRouter(tags=["TEI"], route_class=StrictRoute, responses=errors(ErrorAnswer))


@router.post("/embed", response_model=list[list[float]])
async def embed(body: EmbedRequest, request: Request) -> JsonResponse:
    """Texts to vectors. For an article encoder a text's first line is the title, the rest the abstract."""
    return await _embedded(request, body.model, body)


@router.post("/tei/{model}", response_model=list[list[float]])
@router.post("/tei/{model}/embed", response_model=list[list[float]])
async def embed_with(model: str, body: EmbedRequest, request: Request) -> JsonResponse:
    """The same, with this model."""
    return await _embedded(request, model, body)


@router.post("/rerank", response_model=list[Rank])
async def rerank(body: RerankRequest, request: Request) -> JsonResponse:
    """Texts in the order of their relevance to a query; a text's first line is its title."""
    return await _ranked(request, body.model, body)


@router.post("/tei/{model}/rerank", response_model=list[Rank])
async def rerank_with(model: str, body: RerankRequest, request: Request) -> JsonResponse:
    """The same, with this model."""
    return await _ranked(request, model, body)


@router.post("/similarity", response_model=list[float])
async def similarity(body: SimilarityRequest, request: Request) -> JsonResponse:
    """The cosine of a query's vector with each text's; queries and articles go through their own encoders."""
    return await _compared(request, body.model, body)


@router.post("/tei/{model}/similarity", response_model=list[float])
async def similarity_with(model: str, body: SimilarityRequest, request: Request) -> JsonResponse:
    """The same, with the set of this name."""
    return await _compared(request, model, body)


@router.get("/info", response_model=Info)
async def info(request: Request) -> JsonResponse:
    """The query encoder of the set that is served."""
    return _info(request, choosing.encoder(inference_of(request), None, "query"))


@router.get("/tei/{model}/info", response_model=Info)
async def info_of(model: str, request: Request) -> JsonResponse:
    """This model."""
    return _info(request, _named(request, model))


@router.get("/tei/{model}/health", response_model=Health)
async def health_of(model: str, request: Request) -> JsonResponse:
    """Whether this model is served, and requests are taken."""
    _named(request, model)
    return health(inference_of(request))


async def _embedded(request: Request, model: str | None, body: EmbedRequest) -> JsonResponse:
    side = _side(body.prompt_name)
    served = choosing.encoder(inference_of(request), model, side)
    refuse_other_width("dimensions", body.dimensions, served)
    if body.normalize is False and served.similarity == "cosine":
        raise InvalidField("normalize", f"{served.name} always gives vectors of length 1")
    vectors = (await _vectors(request, served, body, body.inputs)).vectors
    if body.normalize:
        vectors = _normalised(vectors).astype(np.float32)
    return JsonResponse(list(vectors))


async def _ranked(request: Request, model: str | None, body: RerankRequest) -> JsonResponse:
    served = choosing.reranker(inference_of(request), model)
    _refuse_left(body)
    done = await scored(request, served, body.query, body.texts)
    if body.truncate is False:
        refuse_cut("texts", done, served)
    return JsonResponse(
        [
            {"index": index, "score": score} | ({"text": body.texts[index]} if body.return_text else {})
            for index, score in ranked(done.logits, raw=body.raw_scores)
        ]
    )


async def _compared(request: Request, model: str | None, body: SimilarityRequest) -> JsonResponse:
    inference = inference_of(request)
    query, article = (choosing.encoder(inference, model, side) for side in ("query", "article"))
    asked = await _vectors(request, query, body, [body.inputs.source_sentence])
    given = await _vectors(request, article, body, body.inputs.sentences)
    return JsonResponse((_normalised(given.vectors) @ _normalised(asked.vectors)[0]).tolist())


async def _vectors(request: Request, served: ServedModel, body: Truncatable, texts: list[str]) -> Embedded:
    _refuse_left(body)
    done = await embedded(request, served, texts)
    if body.truncate is False:
        refuse_cut("inputs", done, served)
    return done


def _named(request: Request, model: str) -> ServedModel:
    inference = inference_of(request)
    return inference.models.get(model) or choosing.encoder(inference, model, "query")


def _refuse_left(body: Truncatable) -> None:
    if (body.truncation_direction or "right").lower() != "right":
        raise InvalidField("truncation_direction", "only the right end of a text can be cut")


def _side(prompt_name: str | None) -> Side | None:
    if prompt_name is not None and prompt_name not in choosing.SIDES:
        raise InvalidField("prompt_name", f"{prompt_name!r} is no side; there are {', '.join(choosing.SIDES)}")
    return None if prompt_name is None else choosing.SIDES[prompt_name]


def _normalised(vectors: NDArray[np.float32]) -> NDArray[np.float64]:
    exact = vectors.astype(np.float64)
    lengths = np.linalg.norm(exact, axis=1, keepdims=True)
    return exact / np.where(lengths > 0, lengths, 1.0)


def _info(request: Request, served: ServedModel) -> JsonResponse:
    kind = "reranker" if served.side == "rerank" else "embedding"
    return JsonResponse(
        {
            "model_id": served.name,
            "model_sha": served.fingerprint,
            "model_dtype": served.precision,
            "served_model_name": served.name,
            "model_type": {kind: {}},
            "max_input_length": served.max_tokens,
            "max_client_batch_size": inference_of(request).limits.texts,
            "auto_truncate": True,
            "version": version("biocpt-search"),
        }
    )
