"""Tiny models with random weights behind a real server, and the same models opened without one."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tokenizers import Tokenizer

from onnx_models import Encoder, Reranker, RunOptions, find_set, load_encoder, load_reranker
from onnx_models.installed import InstalledSet
from tests.onnx_models import checkpoints
from tests.search.service.running import server

ONE_THREAD = RunOptions(threads=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Direct:
    """The models of a set, asked without a server."""

    installed: InstalledSet
    query: Encoder
    article: Encoder
    reranker: Reranker

    def tokens(self, text: str) -> int:
        """How many tokens a query has, by the tokenizer's own library."""
        return len(Tokenizer.from_file(str(self.installed.query.tokenizer_file)).encode(text).ids)


@pytest.fixture(scope="package")
def model_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two sets: one with three models that differ, and one whose encoders are the same."""
    home = tmp_path_factory.mktemp("served")
    checkpoints.install(home, "medcpt")
    checkpoints.install(home, "minilm")
    return home


@pytest.fixture(scope="package")
def direct(model_home: Path) -> Direct:
    """MedCPT's set."""
    models = find_set(model_home, "medcpt")
    reranker = load_reranker(models, "cross", ONE_THREAD)
    assert reranker is not None
    return Direct(
        installed=models,
        query=load_encoder(models.query, ONE_THREAD),
        article=load_encoder(models.article, ONE_THREAD),
        reranker=reranker,
    )


@pytest.fixture(scope="package")
def medcpt_url(model_home: Path) -> Iterator[str]:
    """A server of MedCPT's set alone."""
    with server(model_home, "medcpt") as url:
        yield url


@pytest.fixture(scope="package")
def minilm_url(model_home: Path) -> Iterator[str]:
    """A server of a set whose two encoders are one, re-ranking by late interaction."""
    with server(model_home, "minilm") as url:
        yield url
