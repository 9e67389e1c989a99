"""Cohere's re-ranking and embeddings, versions 1 and 2."""

from typing import Annotated, Any, Literal

from pydantic import Field

from search.service.request_errors import InvalidField
from search.service.schemas.texts import Answer, Body, Document, Name, Text

Count = Annotated[int, Field(ge=1)]


class RerankBody(Body):
    """What both versions share."""

    query: Text
    top_n: Count | None = None
    """How many results to return; without it all of them."""
    return_documents: bool = False
    raw_scores: bool = False
    """Ours: the model's raw scores, in place of their sigmoid."""

    def texts(self) -> list[str]:
        """What of each document is read: its first line as the title."""
        raise NotImplementedError

    def given(self) -> list[dict[str, Any]]:
        """The documents as they are returned."""
        raise NotImplementedError


class RerankV1(RerankBody):
    """A question, and documents as texts or as objects."""

    model: Name | None = None
    documents: Annotated[list[Document], Field(min_length=1, fail_fast=True)]
    rank_fields: Annotated[list[Name], Field(min_length=1, max_length=20, fail_fast=True)] | None = None
    """The fields of documents that are objects; the first is the title. Without it: `text`."""
    max_chunks_per_doc: Count | None = None
    """Not used: a document is read from its start, as far as the model reads."""

    def texts(self) -> list[str]:
        """Texts as they are; of an object the fields asked for, a line each."""
        return [_fields(document, self.rank_fields or ["text"], at) for at, document in enumerate(self.documents)]

    def given(self) -> list[dict[str, Any]]:
        """Objects as they are; texts as objects with a text."""
        return [document if isinstance(document, dict) else {"text": document} for document in self.documents]


class RerankV2(RerankBody):
    """A question, and documents as texts."""

    model: Name
    documents: Annotated[list[str], Field(min_length=1, fail_fast=True)]
    max_tokens_per_doc: Count | None = None
    """Not less than the model reads."""
    relevant_spans: Any = None
    """Cannot be had."""

    def texts(self) -> list[str]:
        """The documents."""
        return self.documents

    def given(self) -> list[dict[str, Any]]:
        """Each as an object with a text."""
        return [{"text": document} for document in self.documents]


def _fields(document: str | dict[str, Any], names: list[str], at: int) -> str:
    if isinstance(document, str):
        return document
    values = [document[name] for name in names if name in document]
    if not values or not all(isinstance(value, str) for value in values):
        problem = f"of its fields, {', '.join(repr(name) for name in names)} is ranked by, and has to be there as text"
        raise InvalidField(f"documents.{at}", problem)
    return "\n".join(values)


class RerankResult(Answer):
    """A document's place in the request, and its relevance between 0 and 1 (or raw)."""

    index: int
    relevance_score: float
    document: dict[str, Any] | None = None


class ApiVersion(Answer):
    """Which version answered."""

    version: str


class Meta(Answer):
    """What the answer took."""

    api_version: ApiVersion
    tokens: dict[str, int]
    warnings: list[str] | None = None


class RerankAnswer(Answer):
    """Results, best first; equal ones in the order of the documents."""

    id: str
    results: list[RerankResult]
    meta: Meta


EmbeddingType = Literal["float", "base64", "int8", "uint8", "binary", "ubinary"]
InputType = Literal["search_query", "search_document", "classification", "clustering", "image"]


class EmbedBody(Body):
    """What both versions share."""

    texts: Annotated[list[Text], Field(min_length=1, fail_fast=True)]
    truncate: Literal["NONE", "START", "END"] = "END"
    """END cuts what is too long, NONE refuses it; START cannot be had."""
    images: None = None
    inputs: None = None
    embedding_types: Annotated[list[EmbeddingType], Field(fail_fast=True)] | None = None
    """Of these, float and base64 can be had."""


class EmbedV1(EmbedBody):
    """Texts to be embedded as one list of vectors, or by type."""

    model: Name | None = None
    input_type: InputType | None = None


class EmbedV2(EmbedBody):
    """Texts to be embedded, the vectors by type."""

    model: Name
    input_type: InputType
    output_dimension: Count | None = None
    """The model's own width, if anything."""


class VectorsByType(Answer):
    """The vectors of all texts in each format that was asked for."""

    float_: Annotated[list[list[float]] | None, Field(alias="float")] = None
    base64: list[str] | None = None


class EmbedAnswer(Answer):
    """The vectors, in the order of the texts."""

    id: str
    response_type: Literal["embeddings_floats", "embeddings_by_type"]
    embeddings: list[list[float]] | VectorsByType
    texts: list[str]
    meta: Meta


class ErrorAnswer(Answer):
    """An error as Cohere words it."""

    message: str
