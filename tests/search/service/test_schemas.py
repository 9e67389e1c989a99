"""What a request may cost before it is refused: of a million wrong values only the first is looked at."""

from collections.abc import Iterator

import pytest
from pydantic import BaseModel, ValidationError

from search.service.schemas import cluster, cohere, openai, tei
from search.service.schemas.texts import Body


def lists() -> Iterator[tuple[type[BaseModel], str]]:
    """Each field of each request that holds a list."""
    modules = (cluster, cohere, openai, tei)
    models = {model for module in modules for model in vars(module).values() if isinstance(model, type)}
    for model in sorted((model for model in models if issubclass(model, Body)), key=lambda model: model.__name__):
        for name, field in model.model_fields.items():
            if "list[" in str(field.annotation):
                yield model, name


@pytest.mark.parametrize(("model", "name"), list(lists()))
def test_a_list_of_wrong_values_is_one_error(model: type[BaseModel], name: str) -> None:
    """Each error takes a kilobyte and many microseconds: a body of 2 MB stopped the server for a quarter minute."""
    with pytest.raises(ValidationError) as refused:
        model.model_validate({name: [None] * 1000})
    assert sum(error["loc"][0] == name for error in refused.value.errors()) == 1
