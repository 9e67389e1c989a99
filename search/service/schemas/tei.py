"""The requests and answers of Hugging Face's Text Embeddings Inference (TEI)."""

from typing import Annotated, Literal

from pydantic import Field

from search.service.schemas.texts import Answer, Body, Name, Text, Texts


class Truncatable(Body):
    """What requests with texts share."""

    model: Name | None = None
    """Ours: which of the served models; not needed below /tei/MODEL."""
    truncate: bool | None = None
    """false: refuse what is too long. Without it, what is too long is cut, which TEI calls auto-truncation."""
    truncation_direction: Literal["Left", "Right", "left", "right"] | None = None
    """Only the right end can be cut."""


class EmbedRequest(Truncatable):
    """Texts to be embedded."""

    inputs: Texts
    normalize: bool | None = None
    """true: vectors of length 1. Without it, as the model's vectors are compared; TEI would normalise."""
    prompt_name: Name | None = None
    """The side: query, or one of article, document and passage."""
    dimensions: Annotated[int, Field(ge=1)] | None = None
    """The model's own width, if anything."""


class RerankRequest(Truncatable):
    """A question, and texts to be put in order."""

    query: Text
    texts: Annotated[list[str], Field(min_length=1, fail_fast=True)]
    raw_scores: bool = False
    return_text: bool = False


class Rank(Answer):
    """A text's place in the request, and its relevance."""

    index: int
    score: float
    text: str | None = None


class SimilarityInputs(Body):
    """A question, and texts to be compared with it."""

    source_sentence: Text
    sentences: Annotated[list[Text], Field(min_length=1, fail_fast=True)]


class SimilarityRequest(Truncatable):
    """A question, and texts to be compared with it by their vectors."""

    inputs: SimilarityInputs


class Info(Answer):
    """What is served, and its limits."""

    model_id: str
    model_sha: str
    model_dtype: str
    served_model_name: str
    model_type: dict[Literal["embedding", "reranker"], dict[str, str]]
    max_input_length: int
    max_client_batch_size: int
    auto_truncate: bool
    version: str


class ErrorAnswer(Answer):
    """An error as TEI words it."""

    error: str
    error_type: Literal["Unhealthy", "Backend", "Overloaded", "Validation", "Tokenizer", "Empty"]


class Health(Answer):
    """Whether requests are taken."""

    status: Literal["ok", "busy"]
