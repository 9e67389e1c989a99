"""Which error becomes which status, in one table, and how each API words an error. Add an error here."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from starlette.exceptions import HTTPException

from onnx_models.errors import ModelError
from search.service.errors import Overloaded, RequestTooLarge, ServiceError, Stopping, TimedOut, UnknownServedModel
from search.service.json_response import JsonResponse
from search.service.request_errors import BodyTooLarge, InvalidField, MalformedJson, NotJson, SlowBody, WrongKey

Api = Literal["openai", "cohere", "tei"]

STATUS: dict[type[Exception], tuple[int, str]] = {
    MalformedJson: (400, "invalid_json"),
    InvalidField: (400, "invalid_value"),
    WrongKey: (401, "invalid_api_key"),
    UnknownServedModel: (404, "model_not_found"),
    SlowBody: (408, "slow_body"),
    BodyTooLarge: (413, "body_too_large"),
    RequestTooLarge: (413, "request_too_large"),
    NotJson: (415, "not_json"),
    Overloaded: (429, "overloaded"),
    ServiceError: (400, "invalid_request"),
    ModelError: (500, "model_failed"),
    Stopping: (503, "stopping"),
    TimedOut: (503, "timed_out"),
}
"""Error → HTTP status, and the word that stands for it where an API has room for one. A subclass counts as its base."""


@dataclass(frozen=True, slots=True)
class Problem:
    """An error as an API tells of it."""

    status: int
    code: str
    message: str
    field: str = ""


def api_of(path: str) -> Api:
    """Whose clients ask for this path; TEI's for any that is nobody's."""
    if path.startswith("/v2/") or path in ("/v1/rerank", "/v1/embed"):
        return "cohere"
    return "openai" if path.startswith("/v1/") else "tei"


def refusal(path: str, error: Exception) -> JsonResponse:
    """The answer to a request that `error` ended, in the words of the path's API."""
    api = api_of(path)
    problem = _problem(error)
    if api == "tei" and isinstance(error, InvalidField):
        problem = Problem(422, problem.code, problem.message, problem.field)  # as TEI answers
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    if isinstance(error, Overloaded):
        headers["retry-after"] = str(error.retry_after)
    if isinstance(error, WrongKey):
        headers["www-authenticate"] = "Bearer"
    return JsonResponse(SHAPES[api](problem), status=problem.status, headers=headers)


def _problem(error: Exception) -> Problem:
    if isinstance(error, HTTPException):
        return Problem(error.status_code, "no_such_route", _ROUTING.get(error.status_code, str(error.detail)))
    for kind in type(error).__mro__:
        if kind in STATUS:
            status, code = STATUS[kind]
            return Problem(status, code, str(error), error.field if isinstance(error, InvalidField) else "")
    return Problem(500, "internal_error", "The server failed at this request. Its log has the reason.")


_ROUTING = {
    404: "There is nothing at this path. /openapi.json lists what there is.",
    405: "This path takes another method. /openapi.json lists what there is.",
}


def _openai(problem: Problem) -> object:
    kind = "server_error" if problem.status >= 500 else "invalid_request_error"
    if problem.status == 429:
        kind = "rate_limit_error"
    error = {"message": problem.message, "type": kind, "param": problem.field or None, "code": problem.code}
    return {"error": error}


def _cohere(problem: Problem) -> object:
    return {"message": problem.message}


def _tei(problem: Problem) -> object:
    kinds = {429: "Overloaded", 500: "Backend", 503: "Unhealthy"}
    return {"error": problem.message, "error_type": kinds.get(problem.status, "Validation")}


SHAPES: dict[Api, Callable[[Problem], object]] = {"openai": _openai, "cohere": _cohere, "tei": _tei}
