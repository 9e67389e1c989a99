"""Cohere: /v1/rerank, /v2/rerank, /v1/embed and /v2/embed."""

from base64 import b64encode
from uuid import uuid4

from fastapi import APIRouter, Request

from search.service import choosing
from search.service.inference import Embedded, Scored, ServedModel, Side
from search.service.json_response import JsonResponse
from search.service.relevance import brief, ranked
from search.service.request_errors import InvalidField
from search.service.routes.serving import (
    StrictRoute,
    embedded,
    errors,
    inference_of,
    little_endian,
    refuse_cut,
    refuse_other_width,
    scored,
)
from search.service.schemas.cohere import (
    EmbedAnswer,
    EmbedBody,
    EmbedV1,
    EmbedV2,
    ErrorAnswer,
    RerankAnswer,
    RerankBody,
    RerankV1,
    RerankV2,
)

router = APIRouter(tags=["Cohere"], route_class=StrictRoute, responses=errors(ErrorAnswer))


@router.post("/v1/rerank", response_model=RerankAnswer)
async def rerank_v1(body: RerankV1, request: Request) -> JsonResponse:
    """Documents in the order of their relevance to a query; a document's first line is its title."""
    return await _ranked(request, choosing.reranker(inference_of(request), body.model), body)


@router.post("/v2/rerank", response_model=RerankAnswer)
async def rerank_v2(body: RerankV2, request: Request) -> JsonResponse:
    """Documents in the order of their relevance to a query; a document's first line is its title."""
    served = choosing.reranker(inference_of(request), body.model)
    if body.max_tokens_per_doc is not None and body.max_tokens_per_doc < served.max_tokens:
        problem = f"{served.name} reads up to {served.max_tokens} tokens of query and document, and cannot read fewer"
        raise InvalidField("max_tokens_per_doc", problem)
    if body.relevant_spans is not None:
        raise InvalidField("relevant_spans", f"{served.name} scores whole documents and finds no spans")
    return await _ranked(request, served, body)


async def _ranked(request: Request, served: ServedModel, body: RerankBody) -> JsonResponse:
    done = await scored(request, served, body.query, body.texts())
    best = ranked(done.logits, raw=body.raw_scores)[: body.top_n]
    results: list[dict[str, object]] = [{"index": index, "relevance_score": brief(score)} for index, score in best]
    if body.return_documents:
        given = body.given()
        for result, (index, _) in zip(results, best, strict=True):
            result["document"] = given[index]
    return JsonResponse({"id": str(uuid4()), "results": results, "meta": _meta(request, served, done)})


@router.post("/v1/embed", response_model=EmbedAnswer)
async def embed_v1(body: EmbedV1, request: Request) -> JsonResponse:
    """Texts to vectors; `input_type` says the side."""
    served = choosing.encoder(inference_of(request), body.model, _side(body.input_type))
    return await _embedded(request, served, body)


@router.post("/v2/embed", response_model=EmbedAnswer)
async def embed_v2(body: EmbedV2, request: Request) -> JsonResponse:
    """Texts to vectors; `input_type` says the side."""
    served = choosing.encoder(inference_of(request), body.model, _side(body.input_type))
    refuse_other_width("output_dimension", body.output_dimension, served)
    body.embedding_types = body.embedding_types or ["float"]
    return await _embedded(request, served, body)


async def _embedded(request: Request, served: ServedModel, body: EmbedBody) -> JsonResponse:
    kinds = body.embedding_types or []
    impossible = [kind for kind in kinds if kind not in ("float", "base64")]
    if impossible:
        raise InvalidField("embedding_types", f"{impossible[0]!r} cannot be had, only 'float' and 'base64'")
    if body.truncate == "START":
        raise InvalidField("truncate", "only the END of a text can be cut")
    done = await embedded(request, served, body.texts)
    if body.truncate == "NONE":
        refuse_cut("texts", done, served)
    vectors = list(done.vectors)
    by_type: dict[str, object] = {}
    if "float" in kinds:
        by_type["float"] = vectors
    if "base64" in kinds:
        by_type["base64"] = [b64encode(row).decode("ascii") for row in little_endian(done.vectors)]
    return JsonResponse(
        {
            "id": str(uuid4()),
            "response_type": "embeddings_by_type" if kinds else "embeddings_floats",
            "embeddings": by_type if kinds else vectors,
            "texts": body.texts,
            "meta": _meta(request, served, done),
        }
    )


def _side(input_type: str | None) -> Side | None:
    if input_type is not None and input_type not in choosing.SIDES:
        raise InvalidField(
            "input_type", f"{input_type!r} is no side of a search; there are search_query and search_document"
        )
    return None if input_type is None else choosing.SIDES[input_type]


def _meta(request: Request, served: ServedModel, done: Embedded | Scored) -> dict[str, object]:
    version = request.url.path[2]  # /v1/…, /v2/…
    meta: dict[str, object] = {"api_version": {"version": version}, "tokens": {"input_tokens": sum(done.tokens)}}
    cut = sum(done.cut)
    if cut:
        meta["warnings"] = [f"{cut} of {len(done.cut)} were longer than the {served.max_tokens} tokens that are read"]
    return meta
