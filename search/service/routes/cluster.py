"""For OpenSearch's ml-commons: what its connectors call to rewrite a search, to embed a question, and to re-rank."""

from fastapi import APIRouter, Request

from indexer.engines.opensearch.pipelines.bodies import JOINED
from search.service import rewriting, sealed
from search.service.json_response import JsonResponse
from search.service.observing import note
from search.service.routes.serving import Served, StrictRoute, errors
from search.service.schemas.cluster import (
    RerankRequest,
    RerankScores,
    RewriteRequest,
    Rewritten,
    Vector,
    VectorRequest,
)
from search.service.schemas.tei import ErrorAnswer

router = APIRouter(tags=["OpenSearch"], route_class=StrictRoute, responses=errors(ErrorAnswer))


@router.post("/opensearch/rerank", response_model=RerankScores)
async def rerank(body: RerankRequest, inference: Served, request: Request) -> JsonResponse:
    """Raw scores of articles of an index of ours, sent as title, has_text, text_digest and abstract in one string."""
    served = inference.find(body.model, "rerank")
    passages = [sealed.passage(each.inlineDocumentSource.textDocument.text, n) for n, each in enumerate(body.sources)]
    documents = [f"{' '.join(title.splitlines())}\n{abstract}" for title, abstract in passages]
    scored = await inference.rerank(served.name, body.queries[0].textQuery.text, documents)
    note(request, served.name, scored.tokens)
    scores = [{"index": index, "relevanceScore": float(logit)} for index, logit in enumerate(scored.logits)]
    return JsonResponse({"results": scores})


@router.post("/opensearch/vector", response_model=Vector)
async def vector(body: VectorRequest, inference: Served, request: Request) -> JsonResponse:
    """A question's vector, beside the question, for a processor that puts both into a search."""
    served = inference.find(body.model, "query")
    embedded = await inference.embed(served.name, body.texts)
    note(request, served.name, embedded.tokens)
    return JsonResponse({"vector": embedded.vectors[0], "text": body.texts[0]})


@router.post("/opensearch/rewrite", response_model=Rewritten)
async def rewrite(body: RewriteRequest, inference: Served, request: Request) -> JsonResponse:
    """A search for words as one by words and by meaning; any other as it is."""
    asked = rewriting.question(body.search)
    if asked is None:
        return JsonResponse({"search": rewriting.encoded(body.search), "is_hybrid": False})
    served = inference.find(body.model, "query")
    embedded = await inference.embed(served.name, [asked.text])
    note(request, served.name, embedded.tokens)
    meaning = rewriting.Meaning(field=body.field, vector=embedded.vectors[0].tolist(), depth=body.depth)
    search = rewriting.rewritten(body.search, asked, meaning, JOINED)
    return JsonResponse({"search": rewriting.encoded(search), "is_hybrid": True})
