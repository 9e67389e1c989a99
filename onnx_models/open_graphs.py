"""The graphs that one process has open, each once: sides of a set that share weights share the memory they lie in."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from onnx_models.installed import InstalledModel
from onnx_models.runtime import RunOptions, Session

if TYPE_CHECKING:
    from onnx_models.copied_weights import CopiedWeights


class OpenGraphs:
    """Opens graphs, and gives the same session to whoever asks for the same graph in the same way. For one thread."""

    def __init__(self) -> None:
        """Nothing is open."""
        self._sessions: dict[tuple[Path, RunOptions, bool], Session] = {}
        self._weights: CopiedWeights | None = None

    def session(
        self, model: InstalledModel, options: RunOptions, *, output: Literal["main", "tokens"], low_latency: bool
    ) -> Session:
        """The graph of a model that gives this output, on the backend that was asked for.

        Args:
            model: an installed one.
            options: backend, precision, threads and so on.
            output: `main` gives what the spec's pooling needs; `tokens` gives every token's state.
            low_latency: all threads to one run (a query), instead of one thread to each of many runs.

        Raises:
            ModelError: the graph was never made, or cannot be opened in this way.
        """
        graph = model.graph(precision_of(options), output)
        key = graph.resolve(), options, low_latency
        if key not in self._sessions:
            self._sessions[key] = self._opened(graph, options, low_latency=low_latency)
        return self._sessions[key]

    def _opened(self, graph: Path, options: RunOptions, *, low_latency: bool) -> Session:
        if options.backend == "openvino":
            from onnx_models.openvino_session import OpenVinoSession

            return OpenVinoSession(graph, options, low_latency=low_latency)
        from onnx_models.copied_weights import CopiedWeights
        from onnx_models.session import OnnxSession

        self._weights = self._weights or CopiedWeights()
        precision = precision_of(options)
        return OnnxSession(graph, options, precision=precision, low_latency=low_latency, weights=self._weights)


def precision_of(options: RunOptions) -> str:
    """Which of the graphs to open; OpenVINO makes bf16 of fp32 by itself."""
    return "fp32" if options.backend == "openvino" or options.precision == "auto" else options.precision
