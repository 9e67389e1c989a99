"""Articles as an OpenSearch re-rank processor sends them, taken apart again.

That processor joins fields of a hit with nothing between them, and what a search leaves out of `_source` it leaves out
without a word. Each document of an index of ours holds a digest of its title and abstract: sent between the two, it
tells where the one ends, and whether both are whole.
"""

import re
from itertools import islice

from indexer.article import Article, text_digest
from indexer.engines.opensearch.pipelines.bodies import JOINED
from search.service.errors import ServiceError

_SEAL = re.compile(r"true([0-9a-f]{32})")
_NO_TEXT = "false"
_MOST_SEALS = 16
"""What look like seals before the real one: each costs a digest of the whole text."""


class BrokenSeal(ServiceError):
    """A document is not the joined fields of one of our articles, or not all of them."""

    def __init__(self, place: int) -> None:
        super().__init__(
            f"Document {place} is not the {', '.join(JOINED)} of an article in this order. "
            "Leave these fields in `_source`: what is left out cannot be re-ranked by."
        )


def passage(text: str, place: int) -> tuple[str, str]:
    """Title and abstract of the document at `place`.

    Raises:
        BrokenSeal: it is not all there.
    """
    if text == _NO_TEXT:
        return "", ""
    for seal in islice(_SEAL.finditer(text), _MOST_SEALS):
        title, abstract = text[: seal.start()], text[seal.end() :]
        if text_digest(Article(id="", order=0, title=title, abstract=abstract)) == seal[1]:
            return title, abstract
    raise BrokenSeal(place)
