"""Checks that every API relies on."""

import numpy as np
import pytest

from onnx_models.errors import ModelRunFailed
from search.service.inference import ServedModel
from search.service.routes.serving import little_endian, refuse_infinite

SERVED = ServedModel(
    name="medcpt-rerank",
    model_set="medcpt",
    side="rerank",
    dimension=None,
    max_tokens=512,
    fingerprint="f" * 64,
    precision="fp16",
    kind="cross",
    similarity=None,
    runtime="onnxruntime",
)


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
def test_a_number_that_json_cannot_hold_is_the_models_failure(number: float) -> None:
    with pytest.raises(ModelRunFailed, match=r"'medcpt-rerank'.*not finite"):
        refuse_infinite(np.array([1.0, number]), SERVED)


def test_other_numbers_pass() -> None:
    refuse_infinite(np.array([0.0, -0.0, 1e-300, 3e38]), SERVED)
    refuse_infinite(np.empty((0, 4), dtype=np.float32), SERVED)


def test_bytes_are_the_lowest_first() -> None:
    # 1.0 is 0x3f800000, -2.0 is 0xc0000000 (IEEE 754)
    big = np.array([[1.0, -2.0]], dtype=">f4")
    assert little_endian(big.astype(np.float32)) == [bytes.fromhex("0000803f000000c0")]
