"""A system: a named recipe of how questions are answered, and how it is read from and written to TOML."""

from dataclasses import dataclass, field

from onnx_models import RerankerChoice
from search.request import SearchRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """All that decides an order: what is asked of the index and the models, but for the question itself."""

    name: str
    request: SearchRequest = field(default_factory=lambda: SearchRequest(query="…"))
    """What every topic is asked with; its `query` is replaced by the topic's."""
    rerank: RerankerChoice = "none"
    """The re-ranker; `auto` is what `biocpt search` would choose."""
