"""The OpenAPI document, held against the running server by schemathesis: what it says is so, and nothing fails."""

from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from search.service.app import ROUTERS

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
OPERATIONS = sorted(
    (path, method.lower())
    for router in ROUTERS
    for route in router.routes
    for path, method in [(str(getattr(route, "path", "")), method) for method in getattr(route, "methods", ())]
)
NAMES = st.sampled_from(["medcpt", "medcpt-query", "medcpt-article", "medcpt-rerank", "medcpt-cross", "none"])


@pytest.fixture(scope="module")
def document(medcpt_url: str) -> BaseSchema:
    return schemathesis.openapi.from_url(f"{medcpt_url}/openapi.json")


@pytest.mark.slow
@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_requests_made_from_the_document_are_answered_as_it_says(document: BaseSchema, path: str, method: str) -> None:
    @settings(
        max_examples=40,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=document[path][method].as_strategy(), name=NAMES, is_served=st.booleans())
    def answered(case: "schemathesis.Case[Any]", name: str, is_served: bool) -> None:
        if is_served and isinstance(case.body, dict) and "model" in case.body:
            case.body["model"] = name
        if is_served and "model" in case.path_parameters:
            case.path_parameters["model"] = name
        case.call_and_validate(checks=CHECKS, timeout=60)

    answered()


def test_the_document_has_every_route_and_its_errors(medcpt_url: str) -> None:
    document = httpx.get(f"{medcpt_url}/openapi.json", timeout=60).json()
    assert {(path, method) for path, found in document["paths"].items() for method in found} == set(OPERATIONS)
    for path, found in document["paths"].items():
        for operation in found.values():
            assert {"200", "4XX", "5XX"} <= set(operation["responses"]), path
            assert operation["description"], path


def test_the_document_says_what_each_field_of_a_request_means(medcpt_url: str) -> None:
    schemas = httpx.get(f"{medcpt_url}/openapi.json", timeout=60).json()["components"]["schemas"]
    assert "side of a set" in schemas["EmbeddingsRequest"]["properties"]["input_type"]["description"]
    assert schemas["EmbeddingsRequest"]["required"] == ["model", "input"]
