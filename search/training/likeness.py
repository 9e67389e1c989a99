"""When two articles say the same: by their titles, or by the runs of words that they share."""

import re
import zlib
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

TitleAbstract: TypeAlias = tuple[str, str]

SHINGLE = 5
"""Words in a row."""
LIKE = 0.5
"""The share of the shorter text's runs that makes two texts near-duplicates."""
LEAST_TITLE_WORDS = 4
"""Shorter titles are those of many articles: `Letter to the editor`."""

_WORD = re.compile(r"\w+")
_MULTIPLIER, _SHIFT = np.uint64(0x9E3779B97F4A7C15), np.uint64(29)


def words(text: str) -> list[str]:
    """The words, in lower case, without what stands between them."""
    return _WORD.findall(text.casefold())


def title_key(title: str) -> str:
    """What the titles of near-duplicates have in common; "" for a title that says too little."""
    found = words(title)
    return " ".join(found) if len(found) >= LEAST_TITLE_WORDS else ""


def shingles(text: str) -> NDArray[np.uint64]:
    """A number for each run of five words (Broder, 1997), each once, sorted; one for all words of a shorter text."""
    codes = np.array([zlib.crc32(word.encode("utf-8", "replace")) for word in words(text)], np.uint64)
    size = min(SHINGLE, len(codes))
    runs = np.zeros(len(codes) - size + 1 if size else 0, np.uint64)
    for place in range(size):
        runs = (runs + codes[place : place + len(runs)]) * _MULTIPLIER  # modulo 2**64, on purpose
        runs ^= runs >> _SHIFT
    return np.unique(runs)


def is_near_duplicate(one: TitleAbstract, other: TitleAbstract) -> bool:
    """Whether both have the same title, or half of the shorter one's runs of words stand in the other."""
    if title_key(one[0]) and title_key(one[0]) == title_key(other[0]):
        return True
    first, second = (shingles(" ".join(text)) for text in (one, other))
    shorter = min(len(first), len(second))
    return shorter > 0 and len(np.intersect1d(first, second, assume_unique=True)) >= LIKE * shorter
