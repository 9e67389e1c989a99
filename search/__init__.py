"""Questions to answers, and every way to ask. `from search import open_searcher` is the way in from Python.

Names are imported when they are first asked for, so that the command line, which needs few of them, starts quickly.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from indexer.article import Article
    from indexer.engines.location import Access, Location
    from indexer.errors import IndexerError
    from onnx_models import ModelError, RunOptions
    from search.errors import SearchError
    from search.filters import Filters
    from search.opening import SearcherOptions, open_searcher
    from search.request import Place, Result, SearchRequest, SearchResponse, Snippet
    from search.searcher import Searcher

__all__ = [
    "Access",
    "Article",
    "Filters",
    "IndexerError",
    "Location",
    "ModelError",
    "Place",
    "Result",
    "RunOptions",
    "SearchError",
    "SearchRequest",
    "SearchResponse",
    "Searcher",
    "SearcherOptions",
    "Snippet",
    "open_searcher",
]

_MODULES = {
    "indexer.article": ("Article",),
    "indexer.engines.location": ("Access", "Location"),
    "indexer.errors": ("IndexerError",),
    "onnx_models": ("ModelError", "RunOptions"),
    "search.errors": ("SearchError",),
    "search.filters": ("Filters",),
    "search.opening": ("SearcherOptions", "open_searcher"),
    "search.request": ("Place", "Result", "SearchRequest", "SearchResponse", "Snippet"),
    "search.searcher": ("Searcher",),
}

if not TYPE_CHECKING:  # a type checker would take it as leave for any name

    def __getattr__(name):
        """A public name, from the module where it lives."""
        for module, names in _MODULES.items():
            if name in names:
                globals()[name] = getattr(import_module(module), name)
                return globals()[name]
        raise AttributeError(f"module 'search' has no attribute {name!r}")


def __dir__() -> list[str]:
    """The public names, for completion."""
    return sorted({*globals(), *__all__})
