"""The part of an abstract that shows why an article was found, with the query's words marked."""

import re
from functools import lru_cache

from indexer.analysis import terms
from search.request import Snippet

_WORD = re.compile(r"[^\W_]+")
_WORDS_SHOWN = 36


def snippet(query: str, text: str, words_shown: int = _WORDS_SHOWN) -> Snippet:
    """The `words_shown` words of `text` with the most different words of `query`; the beginning where none occurs.

    Words match as in the index: after lower-casing, folding and stemming. Of equal windows the first wins.
    """
    wanted = frozenset(terms(query[:10_000]))
    words = list(_WORD.finditer(text))
    if not words:
        return Snippet(text.strip())
    matched = [_stems(word[0]) & wanted for word in words]
    first = _best_window(matched, words_shown)
    last = min(first + words_shown, len(words)) - 1
    start = words[first].start() if first else 0
    end = words[last].end() if last + 1 < len(words) else len(text.rstrip())
    head, tail = ("… " if first else ""), (" …" if last + 1 < len(words) else "")
    shift = len(head) - start
    spans = [(words[at].start() + shift, words[at].end() + shift) for at in range(first, last + 1) if matched[at]]
    return Snippet(f"{head}{text[start:end]}{tail}", tuple(spans))


def _best_window(matched: list[frozenset[str]], size: int) -> int:
    """The first word of the window with the most different matches, then the most matches."""
    counts: dict[str, int] = {}
    best, best_at = (0, 0), 0
    total = 0
    for end, found in enumerate(matched):
        for stem in found:
            counts[stem] = counts.get(stem, 0) + 1
            total += 1
        if end >= size:
            for stem in matched[end - size]:
                total -= 1
                counts[stem] -= 1
                if not counts[stem]:
                    del counts[stem]
        if (len(counts), total) > best:
            best, best_at = (len(counts), total), max(0, end - size + 1)
    return _begin_before(matched, best_at, size)


def _begin_before(matched: list[frozenset[str]], at: int, size: int) -> int:
    """Move the window so that its first match has a few words before it, as long as its last match stays inside."""
    inside = [place for place in range(at, min(at + size, len(matched))) if matched[place]]
    if not inside:
        return 0
    slack = size - (inside[-1] - inside[0] + 1)
    return max(0, min(inside[0] - slack // 2, max(0, len(matched) - size)))


@lru_cache(maxsize=65_536)
def _stems(word: str) -> frozenset[str]:
    return frozenset(terms(word))
