"""Fields that hold texts, in the shapes that several APIs share."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

TOKENS = (
    "token ids cannot be embedded, as only the client knows which tokenizer made them; send the texts themselves "
    "(LangChain: check_embedding_ctx_length=False)"
)


class Answer(BaseModel):
    """An answer's body, or a part of one."""

    model_config = ConfigDict(use_attribute_docstrings=True)


class Body(BaseModel):
    """A request's body. What an API has and we do not know is left unread; what we know has to be of its type."""

    model_config = ConfigDict(strict=True, extra="ignore", use_attribute_docstrings=True)


def _as_list(value: object) -> object:
    if isinstance(value, list) and any(isinstance(each, int | list) for each in value):
        raise PydanticCustomError("token_ids", TOKENS)
    return [value] if isinstance(value, str) else value


def _as_document(value: object) -> object:
    if not isinstance(value, str | dict):
        raise PydanticCustomError("no_document", "a document is a text, or an object of fields")
    return value


Text = Annotated[str, Field(min_length=1)]
Name = Annotated[str, Field(max_length=200)]
"""A name of something of ours; bounded, as messages repeat it."""
Texts = Annotated[
    list[Text],
    Field(min_length=1, fail_fast=True),
    BeforeValidator(_as_list, json_schema_input_type=Text | Annotated[list[Text], Field(min_length=1)]),
]
"""One text or several, as a list; lists of token ids are refused by name."""
Document = Annotated[str | dict[str, Any], BeforeValidator(_as_document, json_schema_input_type=str | dict[str, Any])]
"""A document as a text, or as an object of fields."""
