"""Cut negatives as the positives of their query were cut, so that nothing but what they say tells the two apart.

A title asks for an abstract without its title. Were the negatives given theirs, a model would learn that answers have
none, which is easy and of no use.
"""

from collections.abc import Sequence

from indexer.article import Article
from indexer.engines.protocol import Reader
from onnx_models.training.dataset import Passage
from search.training.own_structure import CUTS

WHOLE = ""
"""Nothing was cut."""


def cut_of(positives: Sequence[Passage], index: Reader) -> str:
    """The name in CUTS of what was cut out of all these passages, as far as the index holds their articles."""
    found = zip(positives, index.fetch([passage.id for passage in positives]), strict=True)
    pairs = [(passage, article) for passage, article in found if article is not None]
    for name in CUTS if pairs else ():
        if all(cut(name, article) == passage for passage, article in pairs):
            return name
    return WHOLE


def cut(name: str, article: Article) -> Passage | None:
    """The article without what is cut out; None for one that has no such part, or no text."""
    if name == WHOLE:
        return Passage(article.id, *article.passage) if article.has_text else None
    taken = CUTS[name](article)
    has_text = not isinstance(taken, str) and bool(taken.title.strip() or taken.abstract.strip())
    return None if isinstance(taken, str) or not has_text else Passage(article.id, taken.title, taken.abstract)
