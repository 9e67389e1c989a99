"""What tests of attaching share: an encoder, and runs to their end."""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, closing

import pytest

from indexer.attach.attaching import Attaching
from indexer.attach.filling import FillOptions
from indexer.attach.tally import Outcome, Tally
from indexer.engines.location import Location
from indexer.engines.opensearch.attached.field_map import FieldMap
from onnx_models.encoder import Text
from tests.doubles import HashEncoder, Vector
from tests.indexer.attach.museum import MAP

Attach = Callable[..., Outcome]


class Interrupted(HashEncoder):
    """Lets something happen once, between the reading of the first documents and their encoding."""

    def __init__(self, happens: Callable[[], None]) -> None:
        super().__init__()
        self._happens: Callable[[], None] | None = happens

    def encode(self, texts: Sequence[Text]) -> Vector:
        """Calls it first."""
        happens, self._happens = self._happens, None
        if happens is not None:
            happens()
        return super().encode(texts)


def ended(run: Generator[Tally, None, Outcome]) -> Outcome:
    """What came of it."""
    while True:
        try:
            next(run)
        except StopIteration as end:
            outcome: Outcome = end.value
            return outcome


@pytest.fixture
def encoder() -> HashEncoder:
    return HashEncoder()


@pytest.fixture
def opened() -> Iterator[Callable[[Location], Attaching]]:
    with ExitStack() as stack:
        yield lambda location: stack.enter_context(closing(Attaching(location)))


@pytest.fixture
def attach(opened: Callable[[Location], Attaching], encoder: HashEncoder) -> Attach:
    """`attach(location, map, options)`: as `--apply` does."""

    def apply(location: Location, map: FieldMap | None = MAP, options: FillOptions | None = None) -> Outcome:
        attaching = opened(location)
        attaching.require_place()
        plan = attaching.plan(map, encoder.space)
        return ended(attaching.apply(plan, encoder, options or FillOptions()))

    return apply
