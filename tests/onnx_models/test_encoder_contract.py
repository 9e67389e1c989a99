"""What every Encoder promises. A new encoder is done when it passes as one more parameter."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from onnx_models import Encoder, InstalledSet, RunOptions, Text, load_encoder
from tests.doubles import HashEncoder

TEXTS: list[Text] = [
    "statins and breast cancer survival",
    ("Aspirin in stroke", "A trial of aspirin in patients with stroke. Mortality was lower with aspirin."),
    "",
    ("", "An abstract with no title."),
    ("A title with no abstract", ""),
    ("", ""),
    "β-blockers, ¹⁸F-FDG 酶 and a lone \ud800 surrogate",
    "insulin " * 3000,
]

Make = Callable[[pytest.FixtureRequest], Encoder]


def _opened(set_name: str, side: str, **options: object) -> Make:
    def make(request: pytest.FixtureRequest) -> Encoder:
        if options.get("backend") == "openvino":
            pytest.importorskip("openvino")
        models: InstalledSet = request.getfixturevalue(set_name)
        model = models.query if side == "query" else models.article
        return load_encoder(model, RunOptions(threads=2, **options))  # type: ignore[arg-type]

    return make


ENCODERS: dict[str, Make] = {
    "hash": lambda _: HashEncoder(),
    "query": _opened("medcpt", "query"),
    "article": _opened("medcpt", "article"),
    "mean, cosine": _opened("minilm", "article"),
    "prefix": _opened("bge", "query"),
    "one shot": _opened("minilm", "query", one_shot=True),
    "small batches": _opened("minilm", "article", token_budget=64),
    "openvino fp32": _opened("minilm", "article", backend="openvino", precision="fp32"),
    "openvino cls": _opened("medcpt", "article", backend="openvino"),
}


@pytest.fixture(params=ENCODERS)
def encoder(request: pytest.FixtureRequest) -> Encoder:
    return ENCODERS[request.param](request)


def test_gives_one_float32_row_a_text(encoder: Encoder) -> None:
    vectors = encoder.encode(TEXTS)
    assert vectors.shape == (len(TEXTS), encoder.dimension)
    assert vectors.dtype == np.float32
    assert np.isfinite(vectors).all()


def test_no_texts_give_no_rows_of_the_right_width(encoder: Encoder) -> None:
    assert encoder.encode([]).shape == (0, encoder.dimension)


def test_rows_are_in_the_order_given(encoder: Encoder) -> None:
    forwards, backwards = encoder.encode(TEXTS), encoder.encode(TEXTS[::-1])
    np.testing.assert_allclose(backwards[::-1], forwards, atol=tolerance(encoder))


def test_other_texts_make_other_vectors(encoder: Encoder) -> None:
    one, other = encoder.encode(["aspirin and heart disease", "sleep, diet and muscle"])
    assert not np.allclose(one, other, atol=1e-2)


def test_cosine_vectors_have_length_one(encoder: Encoder) -> None:
    lengths = np.linalg.norm(encoder.encode(TEXTS), axis=1)
    if encoder.similarity == "cosine":
        np.testing.assert_allclose(lengths, 1, atol=1e-5)
    else:
        assert not np.allclose(lengths, 1, atol=1e-2)


def test_threads_may_share_it(encoder: Encoder) -> None:
    alone = encoder.encode(TEXTS)
    with ThreadPoolExecutor(4) as threads:
        for vectors in threads.map(lambda _: encoder.encode(TEXTS), range(8)):
            np.testing.assert_allclose(vectors, alone, atol=tolerance(encoder))


def test_says_what_it_is(encoder: Encoder) -> None:
    assert encoder.name
    assert encoder.fingerprint
    assert encoder.dimension > 0


def tolerance(encoder: Encoder) -> float:
    """fp32 may differ by rounding; bf16 keeps 8 bits of each number."""
    runtime = getattr(encoder, "runtime", None)
    return 0.25 if runtime is not None and runtime.precision == "bf16" else 1e-4
