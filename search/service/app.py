"""The model server as an ASGI application: every route, the checks before it, and the words of every error."""

import logging
from collections.abc import Collection
from importlib.metadata import version

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.responses import Response

from onnx_models.errors import ModelError
from search.service.bodies import BodiesBounded
from search.service.errors import ServiceError
from search.service.inference import Inference
from search.service.keys import KeysChecked
from search.service.limits import Limits
from search.service.metrics import Metrics
from search.service.observing import Observed
from search.service.refusals import refusal
from search.service.request_errors import InvalidField, MalformedJson, NotJson
from search.service.routes import cluster, cohere, openai, operations, tei

log = logging.getLogger(__name__)

ROUTERS = (openai.router, cohere.router, tei.router, cluster.router, operations.router)
"""Each API's routes. The order matters to nothing."""


def create_app(inference: Inference, limits: Limits, keys: Collection[str] = ()) -> FastAPI:
    """The application. Who opened `inference` closes it.

    Args:
        inference: the models; the application has to run in its event loop.
        limits: the bounds on bodies and time; those on texts are `inference`'s own.
        keys: the API keys, one of which each request has to bear; none: everyone may ask.
    """
    app = FastAPI(
        title="biocpt model server",
        version=version("biocpt-search"),
        description="Models behind the interfaces of OpenAI, Cohere and Text Embeddings Inference.",
        docs_url=None,  # the pages that FastAPI would serve load their scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,  # a redirect would lead to whatever host the request names
    )
    app.state.inference, app.state.metrics = inference, Metrics(inference)
    for router in ROUTERS:
        app.include_router(router)
    for error in (ServiceError, ModelError, HTTPException, RequestValidationError, Exception):
        app.add_exception_handler(error, _answer)
    app.add_middleware(BodiesBounded, limits=limits, refuse_if_full=inference.refuse_if_full)
    if keys:
        app.add_middleware(KeysChecked, keys=keys)
    paths = {route.path for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)}
    app.add_middleware(Observed, metrics=app.state.metrics, paths=paths)  # the last one added sees a request first
    return app


async def _answer(request: Request, error: Exception) -> Response:
    if isinstance(error, RequestValidationError):
        error = _said_simply(error, request.headers.get("content-type", ""))
    if isinstance(error, ModelError):
        log.error("%s", error)
    return refusal(request.scope["path"], error)


def _said_simply(error: RequestValidationError, content_type: str) -> ServiceError:
    """The first thing wrong, without the value, which may be anyone's text."""
    first = error.errors()[0]
    kind, place = first["type"], [str(part) for part in first["loc"][1:]]
    if kind == "json_invalid":
        return MalformedJson(first["ctx"]["error"])
    if not place and (isinstance(first["input"], bytes) or "json" not in content_type.lower()):
        return NotJson(content_type)
    if not place:
        found = "is empty" if kind == "missing" else "is something else"
        return InvalidField("", f"The body {found}: send a JSON object")
    return InvalidField(".".join(place), first["msg"][:1].lower() + first["msg"][1:])
