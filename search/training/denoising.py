"""Drop negatives that a re-ranker takes for answers: what was retrieved and not judged is often relevant.

A cross-encoder tells them apart (RocketQA: Qu et al., NAACL 2021); the bar is a share of the positive's own score
(NV-Retriever's TopK-PercPos: Moreira et al., 2024).
"""

from collections.abc import Sequence
from typing import assert_never

import numpy as np
from numpy.typing import NDArray

from onnx_models.reranker import RerankerKind, sigmoid

SHARE = 0.95
"""Of the positive's score; what NV-Retriever's authors chose."""


def certainty(scores: Sequence[float], kind: RerankerKind) -> NDArray[np.float64]:
    """How sure a re-ranker is, 0 to 1, so that a share of it means something.

    A cross-encoder's logit goes through a sigmoid; late interaction's mean cosine stays, and counts 0 below 0.
    """
    values = np.asarray(scores, np.float64)
    match kind:
        case "cross":
            sure = sigmoid(values)
        case "late":
            sure = np.clip(values, 0, 1)
        case _:
            assert_never(kind)
    return sure


def keeps(positives: Sequence[float], negatives: Sequence[float], kind: RerankerKind, *, share: float) -> list[bool]:
    """Whether each negative stays: the re-ranker gives it at most `share` of the certainty that it gives the positives.

    Of several positives the median counts, so that one which the re-ranker misjudges drops nothing by itself.

    Args:
        positives: the re-ranker's scores of one query's positives; at least one.
        negatives: its scores of the query's negatives.
        kind: which re-ranker gave them.
        share: 0 to 1; at 1 what scores above the positives is dropped, and nothing else.
    """
    bar = share * float(np.median(certainty(positives, kind)))
    return [bool(sure <= bar) for sure in certainty(negatives, kind)]
