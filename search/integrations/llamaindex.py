"""A retriever and an embedding for LlamaIndex: BioCPTRetriever, BioCPTEmbedding. Needs the extra `llamaindex`."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from indexer.queries import And, Not, Or, Query
from onnx_models import RunOptions
from onnx_models.errors import MissingExtra
from search.errors import UntranslatableFilter
from search.filters import Filters
from search.indexing import DEFAULT_MODEL
from search.integrations import conditions, retrieving
from search.integrations.encoding import Encoders
from search.searcher import Searcher

try:
    from llama_index.core.bridge.pydantic import Field, PrivateAttr
    from llama_index.core.callbacks import CallbackManager
    from llama_index.core.embeddings import BaseEmbedding
    from llama_index.core.retrievers import BaseRetriever
    from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode
    from llama_index.core.vector_stores import FilterCondition, FilterOperator, MetadataFilter, MetadataFilters
except ImportError as error:
    raise MissingExtra(what="The integration with LlamaIndex", extra="llamaindex") from error

SHOWN_TO_MODELS = ("pmid", "journal", "year", "retracted")
"""The metadata that LlamaIndex puts before the text in a prompt; all else is for the program."""

_OPERATORS = {
    FilterOperator.EQ: "==",
    FilterOperator.NE: "!=",
    FilterOperator.GT: ">",
    FilterOperator.GTE: ">=",
    FilterOperator.LT: "<",
    FilterOperator.LTE: "<=",
    FilterOperator.IN: "in",
    FilterOperator.NIN: "not in",
    FilterOperator.ANY: "in",
    FilterOperator.CONTAINS: "==",
}


class BioCPTRetriever(BaseRetriever):
    """Answers a question with a searcher, which several retrievers and threads may share; who opened it closes it."""

    def __init__(
        self,
        searcher: Searcher,
        *,
        similarity_top_k: int = 10,
        filters: Filters | MetadataFilters | None = None,
        settings: Mapping[str, Any] | None = None,
        callback_manager: CallbackManager | None = None,
    ) -> None:
        """Retrieve with these.

        Args:
            searcher: from `search.open_searcher`.
            similarity_top_k: how many nodes to return.
            filters: ours, or LlamaIndex's over the metadata in `search.integrations.conditions`.
            settings: of `SearchRequest`: how lists are asked, fused and re-ranked, such as `{"rerank_depth": 20}`.
            callback_manager: LlamaIndex's.

        Raises:
            InvalidRequest: a setting or filter that has no meaning.
        """
        super().__init__(callback_manager=callback_manager)
        within = Filters(also=translated(filters)) if isinstance(filters, MetadataFilters) else filters
        self._searcher = searcher
        self._request = retrieving.request("", limit=similarity_top_k, filters=within, settings=settings)

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        """Best first; scores are comparable within one answer only."""
        found = retrieving.find(self._searcher, replace(self._request, query=query_bundle.query_str))
        return [NodeWithScore(node=_node(each), score=each.score) for each in found]

    async def _aretrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        """The same in a thread, so that the event loop goes on."""
        return await asyncio.to_thread(self._retrieve, query_bundle)


def _node(found: retrieving.Found) -> TextNode:
    return TextNode(
        id_=found.id,
        text=found.text,
        metadata=found.metadata,
        excluded_embed_metadata_keys=list(found.metadata),
        excluded_llm_metadata_keys=[key for key in found.metadata if key not in SHOWN_TO_MODELS],
    )


def translated(filters: MetadataFilters) -> Query:
    """LlamaIndex's filters as a query of an index.

    Raises:
        UntranslatableFilter: they name a field or operator that we do not have.
    """
    parts = tuple(
        translated(each) if isinstance(each, MetadataFilters) else _comparison(each) for each in filters.filters
    )
    match filters.condition:
        case FilterCondition.OR:
            return Or(parts)
        case FilterCondition.NOT:
            return Not(Or(parts))
        case _:
            return And(parts)


def _comparison(one: MetadataFilter) -> Query:
    if one.operator == FilterOperator.ALL and isinstance(one.value, list):
        return And(tuple(conditions.compare(one.key, "==", value) for value in one.value))
    if one.operator not in _OPERATORS:
        known = ", ".join(operator.value for operator in (*_OPERATORS, FilterOperator.ALL))
        raise UntranslatableFilter(f"Filter {one.key!r}: no operator {one.operator.value!r}. Known: {known}.")
    return conditions.compare(one.key, _OPERATORS[one.operator], one.value)


class BioCPTEmbedding(BaseEmbedding):
    """A model set's encoders: of questions for queries, of articles for texts.

    A text's first line is its title, the rest its abstract; metadata that LlamaIndex puts before a text would be read
    as its title, so exclude it (`excluded_embed_metadata_keys`).
    """

    home: str | None = Field(default=None, description="The folder that holds models/; None: the platform's.")
    run: RunOptions | None = Field(default=None, description="How models run.")
    _encoders: Encoders = PrivateAttr()

    def __init__(
        self,
        model_name: str = DEFAULT_MODEL,
        *,
        home: Path | str | None = None,
        run: RunOptions | Mapping[str, Any] | None = None,
        **options: Any,
    ) -> None:
        """Find the set, and open nothing yet.

        Args:
            model_name: of the set, by name or folder.
            home: the folder that holds `models/`; None: the platform's.
            run: how models run; a mapping is what `to_dict` makes of it.
            options: of LlamaIndex, such as `embed_batch_size`.

        Raises:
            ModelError: there is no set of that name, or it cannot be used.
        """
        running = RunOptions(**run) if isinstance(run, Mapping) else run
        ours: dict[str, Any] = {"home": None if home is None else str(home), "run": running}
        super().__init__(model_name=model_name, **ours, **options)
        self._encoders = Encoders(model_name, home=home, run=running)

    @classmethod
    def class_name(cls) -> str:
        """What LlamaIndex stores it under."""
        return "BioCPTEmbedding"

    def _get_query_embedding(self, query: str) -> list[float]:
        return self._encoders.questions([query])[0]

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return await asyncio.to_thread(self._get_query_embedding, query)

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._encoders.articles([text])[0]

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        return self._encoders.articles(texts)

    async def _aget_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        return await asyncio.to_thread(self._get_text_embeddings, texts)
