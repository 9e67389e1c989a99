"""The same with a real model, where one is installed."""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import openai
import platformdirs
import pytest

from onnx_models import InstalledSet, ModelError, RunOptions, find_set, load_encoder
from tests.search.service.running import server

pytestmark = pytest.mark.slow
TEXTS = [
    "Atorvastatin after stroke\nPatients who took it had fewer strokes, and more of them bled.",
    "Insulin in the liver",
    "Sleep and diet\n" + "Those who slept longer ate less. " * 100,
    "α-synuclein (SNCA) in 高血圧",
]


@pytest.fixture(scope="module")
def installed() -> InstalledSet:
    try:
        return find_set(Path(os.environ.get("BIOCPT_HOME") or platformdirs.user_data_path("biocpt")), "minilm")
    except ModelError as error:
        pytest.skip(f"needs minilm: {error}")


@pytest.fixture(scope="module")
def client(installed: InstalledSet) -> Iterator[openai.OpenAI]:
    with (
        server(installed.folder.parents[1], "minilm") as url,
        openai.OpenAI(base_url=f"{url}/v1", api_key="x") as client,
    ):
        yield client


def test_vectors_are_those_of_the_encoder_to_the_bit(installed: InstalledSet, client: openai.OpenAI) -> None:
    encoder = load_encoder(installed.article, RunOptions(threads=1))
    for text in TEXTS:
        title, _, abstract = text.partition("\n")
        found = client.embeddings.create(model="minilm-article", input=text).data[0].embedding
        assert np.array_equal(np.array(found, dtype=np.float32), encoder.encode([(title, abstract)])[0])


def test_a_batch_of_mixed_lengths_gives_the_same_vectors(installed: InstalledSet, client: openai.OpenAI) -> None:
    encoder = load_encoder(installed.query, RunOptions(threads=1))
    texts = TEXTS * 8
    found = client.embeddings.create(model="minilm-query", input=texts).data
    assert np.allclose([item.embedding for item in found], encoder.encode(texts), atol=1e-6)
