"""A server's scores turned back; the formulas are those of OpenSearch's documentation of vector spaces."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.engines.opensearch.searching.scores import cosine, inner_product


def said_of(product: float) -> float:
    """The score of an inner product, in single precision as a server gives it."""
    return float(np.float32(product + 1 if product >= 0 else 1 / (1 - product)))


@given(product=st.floats(-1e6, 1e6, width=32))
def test_an_inner_product_comes_back_from_its_score(product: float) -> None:
    found = inner_product(said_of(product))
    assert found == pytest.approx(product, rel=3e-7, abs=3e-7)


@given(products=st.lists(st.floats(-1e4, 1e4, width=32), min_size=2, max_size=2))
def test_order_is_kept_across_zero(products: list[float]) -> None:
    lower, higher = sorted(map(said_of, products))
    assert inner_product(lower) <= inner_product(higher)


@pytest.mark.parametrize(("score", "product"), [(1.0, 0.0), (141.01, 140.01), (0.5, -1.0), (0.25, -3.0)])
def test_inner_products_by_hand(score: float, product: float) -> None:
    assert inner_product(score) == pytest.approx(product)


def test_a_product_beyond_single_precision_is_the_lowest_of_all() -> None:
    assert inner_product(0.0) == -np.inf


@pytest.mark.parametrize(("score", "expected"), [(1.0, 1.0), (0.5, 0.0), (0.0, -1.0), (0.75, 0.5)])
def test_cosines_by_hand(score: float, expected: float) -> None:
    assert cosine(score) == expected
