"""A server's scores of vectors turned back into what they are made of."""

from collections.abc import Callable


def inner_product(score: float) -> float:
    """The inner product p behind a score: p + 1 for p of at least 0, else 1 / (1 - p).

    Single precision on the server: exact to about 6e-8 of the score.
    """
    return score - 1 if score >= 1 else 1 - 1 / score if score > 0 else float("-inf")


def cosine(score: float) -> float:
    """The cosine behind a score, (1 + cosine) / 2."""
    return 2 * score - 1


BEHIND: dict[str, Callable[[float], float]] = {"innerproduct": inner_product, "cosinesimil": cosine}
"""`space_type` → what gives the raw similarity of a score."""
