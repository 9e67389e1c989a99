"""How often choosing gains as much by chance: the whole choice, repeated where there is nothing to gain."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

SAMPLES = 2_000
"""Repetitions."""


def p_of_choice(differences: NDArray[np.float64], parts: Sequence[NDArray[np.intp]], *, seed: int = 0) -> float:
    """How often settings that are no better than the base seem to gain as much on held-out topics as these do.

    The interval of a cross-validated gain is too narrow, since the folds' choices were made by topics of one another.
    So the choice itself is tested: if no setting differed from the base, the differences of a topic could as well have
    the other sign. All of a topic's signs are exchanged together, which leaves the settings as alike as they are, then
    settings are chosen and judged on held-out topics as before, 2,000 times with topics drawn at random. The gain is
    measured in its own deviations (mean over root mean square), so that settings which vary much are not alone heard.

    Args:
        differences: float64 (settings, topics): score minus the base's. With a row of zeros, the base can be chosen.
        parts: the topics that each fold holds out, as columns; each column in one of them.
        seed: of the random exchanges.

    Returns:
        Twice the part of the repetitions with a gain at least as large, the observed one counted among them: 2/2001 to
        1. Twice, as a test in both directions has it, which also leaves room for differences that are not symmetric.
    """
    signs = np.random.default_rng(seed).choice([-1.0, 1.0], (SAMPLES + 1, differences.shape[1]))
    signs[0] = 1  # what was observed
    sums = np.stack([signs[:, part] @ differences[:, part].T for part in parts])
    squares = np.stack([np.square(differences[:, part]).sum(axis=1) for part in parts])
    chosen = np.argmax(sums.sum(axis=0) - sums, axis=2)
    gained = np.take_along_axis(sums, chosen[:, :, None], axis=2)[:, :, 0].sum(axis=0)
    varied = np.take_along_axis(squares, chosen, axis=1).sum(axis=0)
    told = gained / np.sqrt(np.maximum(varied, np.finfo(np.float64).tiny))
    return min(1.0, 2 * float((told >= told[0] - 1e-9).mean()))
