"""A model set's two encoders as components of Haystack, for stores of its own. Needs the extra `haystack`."""

from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import Any

from onnx_models import RunOptions
from onnx_models.errors import MissingExtra
from search.indexing import DEFAULT_MODEL
from search.integrations.encoding import Encoders

try:
    from haystack import Document, component, default_to_dict
except ImportError as error:
    raise MissingExtra(what="The integration with Haystack", extra="haystack") from error


class _Embedder:
    """What both embedders are made with, and how their encoder is opened."""

    def __init__(
        self, model: str = DEFAULT_MODEL, *, home: str | None = None, run_options: dict[str, Any] | None = None
    ) -> None:
        """Nothing is opened yet.

        Args:
            model: the model set, by name or folder.
            home: the folder that holds `models/`; None: the platform's data folder.
            run_options: of `RunOptions`: how models run, such as `{"precision": "int8", "threads": 2}`.

        Raises:
            BadRunOption: a value that no model can be run with.
        """
        self.model, self.home, self.run_options = model, home, run_options
        self._run = RunOptions(**(run_options or {}))
        self._opening = Lock()
        self._encoders: Encoders | None = None

    def warm_up(self) -> None:
        """Find the model set, once.

        Raises:
            ModelError: there is none of that name, or it cannot be used.
        """
        self._found()

    def to_dict(self) -> dict[str, Any]:
        """What a pipeline is stored as."""
        return default_to_dict(self, model=self.model, home=self.home, run_options=self.run_options)

    def _found(self) -> Encoders:
        with self._opening:
            if self._encoders is None:
                home = None if self.home is None else Path(self.home)
                self._encoders = Encoders(self.model, home=home, run=self._run)
            return self._encoders


@component
class BioCPTTextEmbedder(_Embedder):
    """The vector of a question."""

    @component.output_types(embedding=list[float])
    def run(self, text: str) -> dict[str, list[float]]:
        """The vector of the question `text`."""
        return {"embedding": self._found().questions([text])[0]}


@component
class BioCPTDocumentEmbedder(_Embedder):
    """Documents with their vectors. The first line of a document's content is its title, the rest its abstract."""

    @component.output_types(documents=list[Document])
    def run(self, documents: list[Document]) -> dict[str, list[Document]]:
        """Copies of the documents, in order, each with its vector."""
        vectors = self._found().articles([document.content or "" for document in documents])
        return {"documents": [replace(each, embedding=vector) for each, vector in zip(documents, vectors, strict=True)]}
