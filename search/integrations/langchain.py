"""A retriever and embeddings for LangChain: BioCPTRetriever, BioCPTEmbeddings. Needs the extra `langchain`."""

from functools import partial
from pathlib import Path
from typing import Any

from onnx_models import RunOptions
from onnx_models.errors import MissingExtra
from search.filters import Filters
from search.indexing import DEFAULT_MODEL
from search.integrations import retrieving
from search.integrations.encoding import Encoders
from search.searcher import Searcher

try:
    from langchain_core.callbacks import AsyncCallbackManagerForRetrieverRun, CallbackManagerForRetrieverRun
    from langchain_core.documents import Document
    from langchain_core.embeddings import Embeddings
    from langchain_core.retrievers import BaseRetriever
    from langchain_core.runnables import run_in_executor
    from pydantic import Field, InstanceOf
except ImportError as error:
    raise MissingExtra(what="The integration with LangChain", extra="langchain") from error


class BioCPTRetriever(BaseRetriever):
    """Answers a question with a searcher, which several retrievers and threads may share; who opened it closes it.

    `invoke`, `ainvoke` and `batch` take `k` and `filters` in place of the retriever's own for one call.
    """

    searcher: InstanceOf[Searcher] = Field(exclude=True, repr=False)
    """From `search.open_searcher`."""
    k: int = Field(default=10, ge=1)
    """How many documents to return."""
    filters: InstanceOf[Filters] = Filters()
    """Which articles may answer."""
    settings: dict[str, Any] = Field(default_factory=dict)
    """Of `SearchRequest`: how lists are asked, fused and re-ranked, such as `{"rerank_depth": 20}`."""

    def model_post_init(self, _: Any) -> None:
        """Raises: InvalidRequest, for a setting that a request does not have, or a value out of its range."""
        retrieving.request("", limit=self.k, settings=self.settings)

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,
        k: int | None = None,
        filters: Filters | None = None,
    ) -> list[Document]:
        """Best first; each with `score` and `source` in its metadata."""
        asked = retrieving.request(
            query,
            limit=self.k if k is None else k,
            filters=self.filters if filters is None else filters,
            settings=self.settings,
        )
        return [_document(found) for found in retrieving.find(self.searcher, asked)]

    async def _aget_relevant_documents(
        self, query: str, *, run_manager: AsyncCallbackManagerForRetrieverRun, **asked: Any
    ) -> list[Document]:
        """The same in a thread, so that the event loop goes on: LangChain's own way, which takes no `k` though."""
        get = partial(self._get_relevant_documents, query, run_manager=run_manager.get_sync(), **asked)
        return await run_in_executor(None, get)


def _document(found: retrieving.Found) -> Document:
    source = found.metadata["url"] or found.id
    return Document(
        id=found.id, page_content=found.text, metadata={"source": source, "score": found.score, **found.metadata}
    )


class BioCPTEmbeddings(Embeddings):
    """A model set's encoders: of questions for `embed_query`, of articles for `embed_documents`.

    A document's first line is its title, the rest its abstract.
    """

    def __init__(
        self, model: str = DEFAULT_MODEL, *, home: Path | str | None = None, run: RunOptions | None = None
    ) -> None:
        """Find the set, by name or folder, in `home`: the folder that holds `models/`, or None for the platform's.

        Raises:
            ModelError: there is none of that name, or it cannot be used.
        """
        self._encoders = Encoders(model, home=home, run=run)

    def embed_query(self, text: str) -> list[float]:
        """The vector of a question."""
        return self._encoders.questions([text])[0]

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """One vector a document, in order."""
        return self._encoders.articles(texts)
