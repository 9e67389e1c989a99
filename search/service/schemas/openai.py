"""OpenAI's embeddings and models."""

from typing import Annotated, Literal

from pydantic import Field

from search.service.schemas.texts import Answer, Body, Name, Texts


class EmbeddingsRequest(Body):
    """Texts to be embedded."""

    model: Name
    """A name of /v1/models, or a set's name with `input_type`."""
    input: Texts
    encoding_format: Literal["float", "base64"] | None = None
    """base64: the little-endian float32 bytes of each vector."""
    dimensions: Annotated[int, Field(ge=1)] | None = None
    """The model's own width, if anything: vectors cannot be shortened."""
    user: str | None = None
    """Not used."""
    input_type: Literal["query", "article", "document", "passage", "search_query", "search_document"] | None = None
    """Ours: the side of a set that is meant, where `model` is the set's name."""
    echo: Literal["json"] | None = None
    r"""Ours. json: beside each vector, its text with all but plain ASCII as `\uXXXX`, to fill JSON templates with."""


class Embedding(Answer):
    """A text's vector."""

    object: Literal["embedding"]
    index: int
    embedding: list[float] | str
    text: str | None = None
    """With `echo`: the inside of a JSON string that stands for the text."""


class Usage(Answer):
    """The tokens that the model read."""

    prompt_tokens: int
    total_tokens: int


class EmbeddingsAnswer(Answer):
    """The vectors, in the order of the texts."""

    object: Literal["list"]
    data: list[Embedding]
    model: str
    usage: Usage
    truncated: list[int] | None = None
    """Ours: the texts that were longer than the model reads, so that their ends did not count. Left out for none."""


class Model(Answer):
    """A model that is served; all but the first four fields are ours."""

    id: str
    object: Literal["model"]
    created: int
    owned_by: str
    side: Literal["query", "article", "rerank"]
    dimension: int | None
    max_tokens: int
    similarity: Literal["ip", "cosine"] | None
    precision: str
    fingerprint: str


class Models(Answer):
    """Every model that is served."""

    object: Literal["list"]
    data: list[Model]


class Error(Answer):
    """What is wrong with a request."""

    message: str
    type: Literal["invalid_request_error", "rate_limit_error", "server_error"]
    param: str | None
    code: str


class ErrorAnswer(Answer):
    """An error as OpenAI words it."""

    error: Error
