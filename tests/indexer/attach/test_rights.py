"""A user with exactly the role of docs/opensearch.md attaches; without one of its rights, that right is named."""

from contextlib import closing

import pytest

from indexer.attach.attaching import Attaching
from indexer.attach.filling import FillOptions
from indexer.engines import open_reader
from indexer.engines.location import Access, Location
from indexer.engines.opensearch.connecting.connection_errors import MissingRight
from indexer.engines.opensearch.connecting.rights import ATTACHER
from indexer.queries import Lexical, Match, Nearest
from tests.indexer.attach import museum
from tests.indexer.attach.conftest import Interrupted, ended
from tests.opensearch.secured import SecuredNode

pytestmark = [pytest.mark.slow, pytest.mark.opensearch]

TOOLS = museum.tools(5)


def as_attacher(node: SecuredNode, index: str, *, without: str = "") -> Location:
    """The index, made by its owner, and asked by a user with what the role needs, less one right."""
    museum.make(node, index, TOOLS)
    cluster = [right for right in ATTACHER.cluster if right != without]
    allowed = [right for right in ATTACHER.index if right != without]
    node.put_role(f"role-of-{index}", cluster=cluster, indices={f"{index}*": allowed})
    who = node.put_user(f"user-of-{index}", roles=[f"role-of-{index}"])
    return Location(f"{node.url}/{index}", Access(user=who.user, password=who.password, ca=who.ca))


def use(node: SecuredNode, location: Location) -> None:
    """All that the role is for: look, add, search, mend what somebody wrote meanwhile, take back."""
    index = location.name.rpartition("/")[2]
    changed = {id: {**said, "story": "Told anew."} for id, said in TOOLS.items()}
    encoder = Interrupted(lambda: museum.store(node, index, changed))
    with closing(Attaching(location)) as attaching:
        attaching.proposal()
        attaching.require_place()
        assert not ended(attaching.apply(attaching.plan(museum.MAP, encoder.space), encoder, FillOptions())).is_seen
    node.ask("POST", f"/{index}/_refresh")
    with closing(open_reader(location)) as reader:
        words, near = reader.search([Lexical(Match("anew"), 9), Nearest(encoder.encode(["oak"])[0], 9)])
        assert (len(words), len(near), reader.info().vectors) == (5, 5, 5)
        assert reader.fetch(["tool/1 é"])[0] is not None
    with closing(Attaching(location)) as attaching:
        assert ended(attaching.sync(encoder, FillOptions())).tally.fresh == 5
        assert ended(attaching.undo(FillOptions())).tally.cleared == 5


def test_the_role_of_an_attacher_is_enough(secured_node: SecuredNode, fresh_index: str) -> None:
    use(secured_node, as_attacher(secured_node, fresh_index))


@pytest.mark.parametrize("right", [*ATTACHER.cluster, *ATTACHER.index])
def test_without_a_right_of_an_attacher_the_error_names_it(
    secured_node: SecuredNode, fresh_index: str, right: str
) -> None:
    location = as_attacher(secured_node, fresh_index, without=right)
    with pytest.raises(MissingRight) as refused:
        use(secured_node, location)
    assert refused.value.rights == (right,)
    assert "'biocpt-attacher'" in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1
