"""What connectors of OpenSearch's ml-commons send us, in the shapes that quote every text as JSON."""

from typing import Annotated, Any

from pydantic import Field

from search.service.schemas.texts import Answer, Body, Name, Text


class TextQuery(Body):
    """A question's text."""

    text: Text


class Query(Body):
    """A question, as `connector.pre_process.bedrock.rerank` makes it."""

    textQuery: TextQuery  # noqa: N815 - their name


class TextDocument(Body):
    """A document's text; empty for a hit of which `_source` has nothing."""

    text: str


class InlineDocument(Body):
    """A document's text, one level down."""

    textDocument: TextDocument  # noqa: N815 - their name


class Source(Body):
    """A document, as the same function makes it."""

    inlineDocumentSource: InlineDocument  # noqa: N815 - their name


class RerankRequest(Body):
    """One question and the documents of a page, each the joined fields of an article of ours."""

    model: Name
    queries: Annotated[list[Query], Field(min_length=1, max_length=1, fail_fast=True)]
    sources: Annotated[list[Source], Field(min_length=1, fail_fast=True)]


class RerankScore(Answer):
    """A document's place, and its raw score."""

    index: int
    relevanceScore: float  # noqa: N815 - their name


class RerankScores(Answer):
    """One a document, in the order of the documents."""

    results: list[RerankScore]


class VectorRequest(Body):
    """One question, in a list: ml-commons quotes texts in lists alone for certain."""

    model: Name
    """The query encoder."""
    texts: Annotated[list[Text], Field(min_length=1, max_length=1, fail_fast=True)]


class Vector(Answer):
    """A question's vector, and the question."""

    vector: list[float]
    text: str


class RewriteRequest(Body):
    """A search as a client sent it, and what it is to become."""

    model: Name
    """The query encoder."""
    field: Name
    """Of the vectors."""
    depth: Annotated[int, Field(ge=1, le=10_000)] = 100
    """Candidates of each part of the hybrid query."""
    search: dict[str, Any]


class Rewritten(Answer):
    """The search to be run."""

    search: str
    """JSON in which no dollar sign is left for a template engine."""
    is_hybrid: bool
    """False for a search that asks for no text, and was left as it is."""
