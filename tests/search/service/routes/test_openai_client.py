"""OpenAI's own client, pointed at the server."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import openai
import pytest

from search.service.limits import Limits
from tests.search.service.routes.conftest import Direct
from tests.search.service.running import server

QUERIES = ["statins after stroke", "insulin", 'asthma in "children" \\ β-agonists 😀']
TITLE, ABSTRACT = "Aspirin and stroke", "Patients with stroke were treated with aspirin."


@pytest.fixture
def client(medcpt_url: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{medcpt_url}/v1", api_key="unused", max_retries=0) as client:
        yield client


def test_a_querys_vector_is_the_encoders_to_the_bit(client: openai.OpenAI, direct: Direct) -> None:
    for query in QUERIES:
        expected = direct.query.encode([query])[0]
        asked_as_base64 = client.embeddings.create(model="medcpt-query", input=query)  # what the client does by itself
        assert np.array_equal(np.array(asked_as_base64.data[0].embedding, dtype=np.float32), expected)
        as_floats = client.embeddings.create(model="medcpt-query", input=query, encoding_format="float")
        assert np.array_equal(np.array(as_floats.data[0].embedding, dtype=np.float32), expected)
        as_base64 = client.embeddings.create(model="medcpt-query", input=query, encoding_format="base64")
        written: object = as_base64.data[0].embedding
        assert np.array_equal(np.frombuffer(base64.b64decode(str(written)), dtype="<f4"), expected)


def test_an_articles_first_line_is_its_title(client: openai.OpenAI, direct: Direct) -> None:
    answer = client.embeddings.create(model="medcpt-article", input=f"{TITLE}\n{ABSTRACT}")
    expected = direct.article.encode([(TITLE, ABSTRACT)])[0]
    assert np.array_equal(np.array(answer.data[0].embedding, dtype=np.float32), expected)


def test_a_list_keeps_its_order_and_its_tokens_are_counted(client: openai.OpenAI, direct: Direct) -> None:
    answer = client.embeddings.create(model="medcpt-query", input=QUERIES)
    assert [item.index for item in answer.data] == [0, 1, 2]
    for item, query in zip(answer.data, QUERIES, strict=True):
        assert np.allclose(item.embedding, direct.query.encode([query])[0], atol=1e-5)
    assert answer.usage.prompt_tokens == answer.usage.total_tokens == sum(map(direct.tokens, QUERIES))


@pytest.mark.parametrize("tokens", [[1, 2, 3], [[1, 2], [3]]])
def test_token_ids_are_refused_by_name(client: openai.OpenAI, tokens: list[int]) -> None:
    with pytest.raises(openai.BadRequestError, match="token ids cannot be embedded") as refused:
        client.embeddings.create(model="medcpt-query", input=tokens)
    assert (refused.value.param, refused.value.code) == ("input", "invalid_value")


def test_only_the_models_own_width_can_be_had(client: openai.OpenAI, direct: Direct) -> None:
    width = direct.query.dimension
    assert len(client.embeddings.create(model="medcpt-query", input="x", dimensions=width).data[0].embedding) == width
    with pytest.raises(openai.BadRequestError, match=f"gives {width} dimensions and cannot give 7"):
        client.embeddings.create(model="medcpt-query", input="x", dimensions=7)


@pytest.mark.parametrize("text", ["", []])
def test_nothing_is_no_input(client: openai.OpenAI, text: str | list[str]) -> None:
    with pytest.raises(openai.BadRequestError, match="at least 1") as refused:
        client.embeddings.create(model="medcpt-query", input=text)
    assert str(refused.value.param).startswith("input")


def test_a_set_needs_a_side_where_its_encoders_differ(client: openai.OpenAI, direct: Direct) -> None:
    with pytest.raises(openai.BadRequestError, match="Name one of them: medcpt-query, medcpt-article"):
        client.embeddings.create(model="medcpt", input="insulin")
    for side, encoder in (("query", direct.query), ("passage", direct.article)):
        answer = client.embeddings.create(model="medcpt", input="insulin", extra_body={"input_type": side})
        text = "insulin" if side == "query" else ("insulin", "")
        assert np.array_equal(np.array(answer.data[0].embedding, dtype=np.float32), encoder.encode([text])[0])


def test_a_side_that_contradicts_the_name_is_refused(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="encodes the query side, but the request asks for article"):
        client.embeddings.create(model="medcpt-query", input="insulin", extra_body={"input_type": "article"})


def test_a_set_whose_encoders_are_one_needs_no_side(minilm_url: str) -> None:
    with openai.OpenAI(base_url=f"{minilm_url}/v1", api_key="unused") as client:
        by_set = client.embeddings.create(model="minilm", input="insulin")
        by_side = client.embeddings.create(model="minilm-article", input="insulin")
    assert by_set.data[0].embedding == by_side.data[0].embedding


@pytest.mark.parametrize("name", ["text-embedding-3-small", "medcpt-rerank", ""])
def test_a_model_that_is_not_served_or_gives_no_vectors_is_not_found(client: openai.OpenAI, name: str) -> None:
    with pytest.raises(openai.NotFoundError, match="medcpt-query, medcpt-article"):
        client.embeddings.create(model=name, input="insulin")


def test_the_models_can_be_listed_and_looked_up(client: openai.OpenAI, direct: Direct) -> None:
    names = [model.id for model in client.models.list()]
    assert {"medcpt-query", "medcpt-article", "medcpt-rerank"} <= set(names)
    query = client.models.retrieve("medcpt-query").model_dump()
    assert (query["side"], query["dimension"], query["similarity"]) == ("query", direct.query.dimension, "ip")
    assert query["fingerprint"] == direct.query.fingerprint
    with pytest.raises(openai.NotFoundError, match="medcpt-query"):
        client.models.retrieve("gpt-4")


@pytest.mark.parametrize("text", [*QUERIES, '"}}, "x": "', "${text}\n\t\x00"])
def test_the_echo_fills_a_json_string_with_the_text(client: openai.OpenAI, text: str) -> None:
    answer = client.embeddings.create(model="medcpt-query", input=["first", text], extra_body={"echo": "json"})
    echoed = answer.data[1].model_dump()["text"]
    assert json.loads(f'"{echoed}"') == text
    assert answer.data[0].model_dump()["text"] == "first"


def test_without_asking_nothing_is_echoed(client: openai.OpenAI) -> None:
    answer = client.embeddings.create(model="medcpt-query", input="insulin")
    assert "text" not in answer.data[0].model_dump()


def test_texts_that_were_cut_are_told_of(client: openai.OpenAI) -> None:
    answer = client.embeddings.create(model="medcpt-query", input=["insulin", "heart " * 500])
    assert answer.model_dump()["truncated"] == [1]
    assert "truncated" not in client.embeddings.create(model="medcpt-query", input="insulin").model_dump()


def test_a_full_server_says_when_to_come_back(model_home: Path) -> None:
    with (
        server(model_home, "minilm", limits=Limits(waiting_seconds=-1.0)) as url,
        openai.OpenAI(base_url=f"{url}/v1", api_key="unused", max_retries=0) as client,
        pytest.raises(openai.RateLimitError, match="Ask again in") as refused,
    ):
        client.embeddings.create(model="minilm-query", input="insulin")
    assert int(refused.value.response.headers["retry-after"]) >= 1


def test_more_texts_than_the_limit_are_refused_with_the_limit(model_home: Path) -> None:
    with (
        server(model_home, "minilm", limits=Limits(texts=3, characters=50)) as url,
        openai.OpenAI(base_url=f"{url}/v1", api_key="unused", max_retries=0) as client,
    ):
        assert len(client.embeddings.create(model="minilm-query", input=["a"] * 3).data) == 3
        for texts, bound in ((["a"] * 4, "takes 3"), (["a" * 51], "takes 50")):
            with pytest.raises(openai.APIStatusError, match=bound) as refused:
                client.embeddings.create(model="minilm-query", input=texts)
            assert refused.value.status_code == 413


def test_a_server_with_keys_lets_in_those_who_bear_one(model_home: Path) -> None:
    with server(model_home, "minilm", keys=("first-key", "another")) as url:
        for key in ("first-key", "another"):
            with openai.OpenAI(base_url=f"{url}/v1", api_key=key) as client:
                assert len(client.embeddings.create(model="minilm-query", input="insulin").data) == 1
        for key in ("first-keY", "first-key2", "first", "wrong"):
            with (
                openai.OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0) as client,
                pytest.raises(openai.AuthenticationError, match="asks for an API key") as refused,
            ):
                client.models.list()
            assert refused.value.response.headers["www-authenticate"] == "Bearer"
