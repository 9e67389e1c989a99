"""BioCPTRetriever: articles for a question, as a component of Haystack 2 and 3. Needs the extra `haystack`."""

from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import Any, get_args

from indexer.engines import kind_of
from indexer.engines.location import Access, Location
from indexer.engines.opensearch.connecting.address import parse
from indexer.queries import And, Not, Or, Query
from onnx_models import RerankerChoice, RunOptions, default_home
from onnx_models.errors import MissingExtra
from search.errors import InvalidRequest, UntranslatableFilter
from search.filters import Filters
from search.integrations import conditions, retrieving
from search.opening import SearcherOptions, open_searcher
from search.request import Mode, SearchRequest
from search.searcher import Searcher

try:
    from haystack import Document, component, default_from_dict, default_to_dict
    from haystack.document_stores.types import FilterPolicy, apply_filter_policy
    from haystack.utils import Secret, deserialize_secrets_inplace
except ImportError as error:
    raise MissingExtra(what="The integration with Haystack", extra="haystack") from error


@component
class BioCPTRetriever:
    """Answers a question from an index: BM25 and vectors, fused and re-ranked, with the models of the index.

    `warm_up`, or the first `run`, opens index and models; a pipeline warms its components up by itself.
    """

    def __init__(
        self,
        index: str,
        *,
        model: str | None = None,
        mode: Mode = "hybrid",
        rerank: RerankerChoice = "auto",
        home: str | None = None,
        run_options: dict[str, Any] | None = None,
        top_k: int = 10,
        filters: dict[str, Any] | None = None,
        filter_policy: FilterPolicy = FilterPolicy.REPLACE,
        settings: dict[str, Any] | None = None,
        user: str = "",
        password: Secret | None = None,
        api_key: Secret | None = None,
        ca: str | None = None,
    ) -> None:
        """Nothing is opened yet.

        Args:
            index: a folder, or the URL of an index in OpenSearch.
            model: the model set, by name or folder; None: the one that made the index.
            mode: `hybrid`, `lexical` or `dense`.
            rerank: `auto`, `none`, `cross` or `late`.
            home: the folder that holds `models/`; None: the platform's data folder.
            run_options: of `RunOptions`: how models run, such as `{"precision": "int8", "threads": 2}`.
            top_k: how many documents to return.
            filters: Haystack's filters over the metadata in `search.integrations.conditions`.
            filter_policy: what becomes of `filters` where a run has its own.
            settings: of `SearchRequest`: how lists are asked, fused and re-ranked, such as `{"rerank_depth": 20}`.
            user: who asks a cluster, with `password`; or `api_key`.
            password: its secret.
            api_key: in place of both.
            ca: a PEM file of the authorities to trust; None: the system's.

        Raises:
            InvalidRequest, BadRunOption: a setting, filter or option that has no meaning, or a secret as plain text.
            IndexerError: nothing can be at `index`; a password in its URL, which a stored pipeline would show, is
                refused too.
        """
        self.index, self.model, self.mode, self.rerank, self.home = str(index), model, mode, rerank, home
        self.run_options, self.settings = run_options, settings
        self.top_k, self.filters, self.filter_policy = top_k, filters, FilterPolicy(filter_policy)
        self.user, self.password, self.api_key, self.ca = user, password, api_key, ca
        self._searcher: Searcher | None = None
        self._opening = Lock()
        self._require_sense()

    def warm_up(self) -> None:
        """Open index and models, once.

        Raises:
            IndexerError, ModelError, SearchError: they cannot be opened, or do not belong together.
        """
        self._open()

    def close(self) -> None:
        """Let go of index and models; the next run opens them again."""
        with self._opening:
            if self._searcher is not None:
                self._searcher.close()
                self._searcher = None

    @component.output_types(documents=list[Document])
    def run(
        self, query: str, filters: dict[str, Any] | None = None, top_k: int | None = None
    ) -> dict[str, list[Document]]:
        """The documents that answer, best first; scores are comparable within one answer only.

        Args:
            query: The question, in plain words.
            filters: Which articles may answer: {"field": "meta.year", "operator": ">=", "value": 2015}, or several in
                {"operator": "AND", "conditions": […]} (AND, OR, NOT). Operators are ==, !=, in, not in, and for years
                also >, >=, <, <=. Fields are id, year, journal, publication_types, mesh, languages, has_abstract,
                retracted, retraction_notice, expression_of_concern.
            top_k: How many documents to return, 1 to 10,000.

        Raises:
            InvalidRequest: an empty query, `top_k` outside of 1 to 10,000, or a filter that cannot be translated.
            IndexerError, ModelError: the index cannot be asked.
        """
        asked = self._request(query, filters, top_k)
        found = retrieving.find(self._open(), asked)
        return {"documents": [Document(id=f.id, content=f.text, meta=f.metadata, score=f.score) for f in found]}

    def to_dict(self) -> dict[str, Any]:
        """What a pipeline is stored as; secrets by the name of their variable alone."""
        return default_to_dict(
            self,
            index=self.index,
            model=self.model,
            mode=self.mode,
            rerank=self.rerank,
            home=self.home,
            run_options=self.run_options,
            top_k=self.top_k,
            filters=self.filters,
            filter_policy=self.filter_policy.value,
            settings=self.settings,
            user=self.user,
            password=self.password and self.password.to_dict(),
            api_key=self.api_key and self.api_key.to_dict(),
            ca=self.ca,
        )

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "BioCPTRetriever":
        """The component that `to_dict` described."""
        given = dict(data.get("init_parameters", {}))
        deserialize_secrets_inplace(given, keys=("password", "api_key"))
        if isinstance(given.get("filter_policy"), str):
            given["filter_policy"] = FilterPolicy.from_str(given["filter_policy"])
        return default_from_dict(cls, {**data, "init_parameters": given})

    def _require_sense(self) -> None:
        if kind_of(Location(self.index)) == "opensearch":
            parse(self.index)
        if self.rerank not in get_args(RerankerChoice):
            raise InvalidRequest(f"Unknown rerank {self.rerank!r}. Known: {', '.join(get_args(RerankerChoice))}.")
        _require_secret("password", self.password)
        _require_secret("api_key", self.api_key)
        RunOptions(**(self.run_options or {}))
        self._request("", None, None)

    def _open(self) -> Searcher:
        with self._opening:
            if self._searcher is None:
                options = SearcherOptions(
                    home=default_home() if self.home is None else Path(self.home),
                    model=self.model,
                    mode=self.mode,
                    rerank=self.rerank,
                    run=RunOptions(**(self.run_options or {})),
                )
                self._searcher = open_searcher(Location(self.index, self._access()), options)
            return self._searcher

    def _request(self, query: str, filters: dict[str, Any] | None, top_k: int | None) -> SearchRequest:
        within = apply_filter_policy(self.filter_policy, self.filters, filters)
        return retrieving.request(
            query,
            limit=self.top_k if top_k is None else top_k,
            filters=Filters(also=translated(within)) if within else None,
            settings={"mode": self.mode, **(self.settings or {})},
        )

    def _access(self) -> Access:
        return Access(
            user=self.user,
            password=_resolved(self.password),
            api_key=_resolved(self.api_key),
            ca=None if self.ca is None else Path(self.ca),
        )


def _require_secret(name: str, given: object) -> None:
    """Refuse plain text, which is not repeated."""
    if given is not None and not isinstance(given, Secret):
        raise InvalidRequest(
            f"`{name}` is a Secret of Haystack, not a {type(given).__name__}, so that no stored pipeline shows it: "
            'Secret.from_env_var("NAME") of a variable, or Secret.from_token(…).'
        )


def _resolved(secret: Secret | None) -> str:
    return "" if secret is None else str(secret.resolve_value() or "")


def translated(filters: Mapping[str, Any], _depth: int = 1) -> Query:
    """Haystack's filters as a query of an index.

    Raises:
        UntranslatableFilter: they name a field or operator that we do not have, or are no filters.
    """
    if not isinstance(filters, Mapping):
        raise UntranslatableFilter(f"A filter of Haystack is a dictionary, not {filters!r}.")
    missing = [key for key in ("operator", "conditions" if "field" not in filters else "value") if key not in filters]
    if missing:
        raise UntranslatableFilter(f"The filter {dict(filters)!r} has no {missing[0]!r}.")
    operator = filters["operator"]
    if "field" in filters:
        return conditions.compare(str(filters["field"]).removeprefix("meta."), operator, filters["value"])
    if not isinstance(filters["conditions"], list | tuple):
        raise UntranslatableFilter(f"The conditions of a filter are a list, not {filters['conditions']!r}.")
    if _depth > conditions.MOST_NESTED:
        raise UntranslatableFilter(f"The filter is nested more than {conditions.MOST_NESTED} deep.")
    parts = tuple(translated(each, _depth + 1) for each in filters["conditions"])
    match operator:
        case "AND":
            return And(parts)
        case "OR":
            return Or(parts)
        case "NOT":
            return Not(And(parts))
    raise UntranslatableFilter(f"Unknown operator {operator!r} between conditions. Known: AND, OR, NOT.")
