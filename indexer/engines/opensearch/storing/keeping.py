"""Articles whose text did not change keep the vector that is stored: the cluster puts the new document around it.

Where other loaders may be at work the vector is read and sent back instead: an update counts a document's version up by
one and not to the record's order, so that an older record of another loader could come after it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from indexer.article import Article, text_digest
from indexer.engines.opensearch.errors import ChangedMeanwhile
from indexer.engines.opensearch.storing.actions import can_put_around, is_newer, put, put_around
from indexer.engines.opensearch.storing.bulk import Action
from indexer.engines.opensearch.storing.heads import Head, Heads
from indexer.engines.protocol import Refused

NEWER = "something newer was stored meanwhile"


class Keeping:
    """Makes the actions of articles that keep their vector."""

    def __init__(self, heads: Heads, index: str, *, is_alone: Callable[[], bool]) -> None:
        """`is_alone`: says whether no other loader may be at work."""
        self._heads, self._index, self._is_alone = heads, index, is_alone
        self._current = heads.without_patience()

    def actions(self, articles: Sequence[Article], heads: Mapping[str, Head]) -> Iterator[Action | Refused]:
        """One for each of the articles, given what is stored under their ids: their text, with a vector."""
        whole: list[Article] = []
        for article in articles:
            head = heads[article.id]
            if is_newer(head, article):
                yield Refused(article.id, NEWER, is_superseded=True)
            elif self._is_alone() and can_put_around(head):
                yield put_around(article, head)
            else:
                whole.append(article)
        current = self._heads.with_vectors([article.id for article in whole]) if whole else {}
        for article in whole:
            yield self._whole(article, current.get(article.id), heads[article.id].version)

    def renew(self, action: Action) -> Action | Refused | None:
        """In place of a guarded action whose document is not what was read any more: another action, why there is
        none, or None where it is stored already (its answer was lost).

        Raises:
            ChangedMeanwhile: the vector to keep is gone.
            IndexerError: the document cannot be read now; a trouble that passes is for whoever sends.
        """
        if not isinstance(action.record, Article):
            raise TypeError(f"{type(action.record).__name__} has no vector to keep")
        head = self._current.with_vectors([action.id]).get(action.id)
        if head is not None and head.stored == action.stored:
            return None
        return self._whole(action.record, head, action.version - 1)

    def _whole(self, article: Article, head: Head | None, version: int) -> Action | Refused:
        """The whole document with the vector that is stored now; `version` is what was stored when we decided."""
        if head is not None and (
            is_newer(head, article) or (head.stored.order > article.order and head.version > version)
        ):
            return Refused(article.id, NEWER, is_superseded=True)
        if head is None or head.vector is None or head.stored.text_digest != text_digest(article):
            raise ChangedMeanwhile(id=article.id, index=self._index)
        return put(article, head, vector=head.vector)
