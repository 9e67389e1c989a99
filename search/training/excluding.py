"""Keep articles out of training: by id, and by likeness to articles that models are judged by."""

from collections.abc import Collection, Iterable
from hashlib import blake2b
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from indexer.article import Article
from search.training.errors import BadTrainingData
from search.training.likeness import LIKE, shingles, title_key
from search.training.lines import numbered

BY_ID, BY_TITLE, BY_TEXT = "excluded by id", "excluded by title", "excluded by text"


class Exclusions:
    """Articles that are to be in no training data."""

    def __init__(self, ids: Iterable[str] = (), like: Iterable[Article] = ()) -> None:
        """`like` are articles whose ids and near-duplicates are kept out; about 3 kB of memory each."""
        self._ids = set(ids)
        self._titles: set[str] = set()
        self._sizes: list[int] = []
        codes = [self._added(article) for article in like]
        owners = np.repeat(np.arange(len(codes)), [len(one) for one in codes])
        joined = np.concatenate([np.empty(0, np.uint64), *codes])
        order = np.argsort(joined, kind="stable")
        self._codes, self._owners = joined[order], owners[order]

    @property
    def fingerprint(self) -> str:
        """Names what is kept out; "" where nothing is."""
        if not self._ids:
            return ""
        said = "\n".join([*sorted(self._ids), "", *sorted(self._titles)]).encode("utf-8", "replace")
        return blake2b(said + b"\n" + self._codes.tobytes() + self._owners.tobytes(), digest_size=16).hexdigest()

    def _added(self, article: Article) -> NDArray[np.uint64]:
        self._ids.add(article.id)
        self._titles.add(title_key(article.title))
        found = shingles(f"{article.title} {article.abstract}")
        self._sizes.append(len(found))
        return found

    def why(self, id: str, title: str, abstract: str) -> str:
        """Why this article is kept out; "" where it is not."""
        if id in self._ids:
            return BY_ID
        if not self._sizes:
            return ""
        if (key := title_key(title)) and key in self._titles:
            return BY_TITLE
        return BY_TEXT if self._is_like(shingles(f"{title} {abstract}")) else ""

    def _is_like(self, codes: NDArray[np.uint64]) -> bool:
        """As `likeness.is_near_duplicate`, against all of them at once."""
        starts, ends = (np.searchsorted(self._codes, codes, side) for side in ("left", "right"))
        places = [np.arange(start, end) for start, end in zip(starts, ends, strict=True) if end > start]
        if not places:
            return False
        found, shared = np.unique(self._owners[np.concatenate(places)], return_counts=True)
        shorter = np.minimum(np.array(self._sizes)[found], len(codes))
        return bool(np.any(shared >= LIKE * shorter))


def ids_in(files: Collection[Path]) -> set[str]:
    """The ids in these files, one a line; what follows a tab, and empty lines, are passed over.

    Raises:
        BadTrainingData: a file, or a line of it, cannot be read: nothing is kept out by an id that was passed over.
    """
    ids = set()
    for path in files:
        for number, line in numbered(path):
            if line is None:
                raise BadTrainingData(path=path, problem=f"line {number} is not UTF-8")
            ids.add(line.partition("\t")[0].strip())
    return ids - {""}
