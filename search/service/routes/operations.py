"""For those who run the server: /health and /metrics."""

from fastapi import APIRouter, Request, Response

from search.service.json_response import JsonResponse
from search.service.metrics import Metrics
from search.service.routes.serving import errors, health, inference_of
from search.service.schemas.tei import ErrorAnswer, Health

router = APIRouter(tags=["Operations"], responses=errors(ErrorAnswer))


@router.head("/health", response_class=Response)
@router.get("/health", response_model=Health)
async def health_of_all(request: Request) -> JsonResponse:
    """200 while requests are taken, or refused only for being too many; 503 when the server is stopping."""
    return health(inference_of(request))


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
async def metrics(request: Request) -> Response:
    """The figures, in Prometheus's text format."""
    kept: Metrics = request.app.state.metrics
    return Response(kept.text(), media_type="text/plain; version=0.0.4; charset=utf-8")
