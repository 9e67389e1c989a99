"""The documents of somebody's index as they are: found by words and filters, and fetched by id."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from indexer.article import Article
from indexer.engines.opensearch.attached import asking, pages
from indexer.engines.opensearch.attached.field_map import FieldMap, article_of
from indexer.engines.opensearch.attached.foreign import Foreign, documents
from indexer.engines.opensearch.attached.pages import Document
from indexer.engines.opensearch.attached.translate import Fields, clause, words
from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.opensearch.errors import RequestRefused
from indexer.engines.opensearch.pipelines.defaults import PLAIN
from indexer.engines.opensearch.searching.asking import Answer, Question
from indexer.errors import QuestionTooLarge
from indexer.queries import Lexical, has_score

_TOO_MANY = "maxClauseCount"
"""In the answer to a question of more clauses than the server takes."""
_PATIENCE = 0.75
"""Of the time that a request may take, the part after which shards give what they have."""
_AT_ONCE = 50
"""Documents that are fetched together: they may be long."""


class Theirs:
    """One index of somebody's, read by a field map."""

    def __init__(self, cluster: Cluster, index: Foreign, map: FieldMap, *, timeout: float) -> None:
        """`timeout`: seconds that a request may take."""
        self._cluster, self._index, self._timeout = cluster, index, timeout
        self.fields = Fields(map, index.leaves)

    def count(self) -> int:
        """How many documents there are."""
        return documents(self._cluster, self._index.name)

    def may_share_ids(self) -> bool:
        """Whether two documents may have one id, in two shards by a routing of their own."""
        routed = {"exists": {"field": "_routing"}}
        return self._index.shards > 1 and documents(self._cluster, self._index.name, routed) > 0

    def by_words(self, probe: Lexical) -> Question | None:
        """The list of a lexical probe; None for one of no length.

        Raises: UnmappedField, for a filter that the map has no field for.
        """
        if probe.k <= 0:
            return None
        query, gap = clause(probe.query, self.fields), self._left_out(probe)
        filters = [] if probe.within is None else [clause(probe.within, self.fields)]
        if not has_score(probe.query):
            return Question({"bool": {"filter": [query, *filters]}}, probe.k, raw=None, gap=gap)
        asked = {"bool": {"must": [query], "filter": filters}} if filters else query
        return Question(asked, probe.k, raw=float, gap=gap)

    def ask(self, questions: Sequence[Question]) -> list[Answer]:
        """The lists in the order asked, in one request.

        Raises: QuestionTooLarge, for more words than the server takes clauses.
        """
        try:
            return asking.ask(self._cluster, self._index.name, questions, seconds=self._timeout * _PATIENCE)
        except RequestRefused as error:
            if _TOO_MANY not in error.reason:
                raise
            raise QuestionTooLarge(why=f"the cluster takes no more clauses ({error.reason})") from error

    def request(self, questions: Sequence[Question]) -> tuple[bytes, Mapping[str, str]]:
        """The body and parameters that `ask` would send."""
        return asking.lines(questions, seconds=self._timeout * _PATIENCE), asking.ANSWER

    def fetch(self, ids: Sequence[str]) -> list[Article | None]:
        """The documents as articles, in the order asked; None where there is none."""
        found = self.sources(ids, self.read_fields())
        return [self.article(id, found[id]) if id in found else None for id in ids]

    def article(self, id: str, source: Mapping[str, Any]) -> Article:
        """A document as an article."""
        return article_of(id, source, self.fields.map, self.fields.leaves)

    def every(self, *more: str) -> Iterator[Document]:
        """All documents with what the map names, and with `more` fields."""
        return pages.all_documents(self._cluster, self._index, {"match_all": {}}, [*self.read_fields(), *more])

    def sources(self, ids: Sequence[str], fields: Sequence[str]) -> dict[str, Any]:
        """Id → these fields of `_source`; unknown ids are absent.

        By a search, as a lookup by id finds nothing where documents lie by a routing of their own.
        """
        wanted, found = list(dict.fromkeys(id for id in ids if id)), dict[str, Any]()
        at_once = max(1, min(_AT_ONCE, self._index.window // 2))
        for start in range(0, len(wanted), at_once):
            part = wanted[start : start + at_once]
            size = min(2 * len(part), self._index.window)
            body = {"size": size, "query": {"ids": {"values": part}}, "_source": {"includes": list(fields)}}
            said = self._cluster.request(
                "POST",
                f"/{self._index.name}/_search",
                body,
                params={
                    **PLAIN,
                    "allow_partial_search_results": "false",
                    "filter_path": "hits.hits._id,hits.hits._source",
                },
                doing=f"read documents of {self._index.name!r}",
            )
            for hit in said.get("hits", {}).get("hits", ()):
                found.setdefault(hit["_id"], hit.get("_source", {}))
        return found

    def read_fields(self) -> list[str]:
        """Where in `_source` all that stands which the map names."""
        map, leaves = self.fields.map, self.fields.leaves
        named = [*map.encoded, *map.filters.values(), *(field for field in (map.year, map.retracted) if field)]
        return list(dict.fromkeys(leaves[path].source for path in named if path in leaves))

    def _left_out(self, probe: Lexical) -> str:
        """Which words of a plain question are not looked up, as a sentence."""
        kept, lost = words(getattr(probe.query, "text", ""), self.fields)
        return f"Only {len(kept.split()):,} words of the question were looked up, {lost:,} were not." if lost else ""
