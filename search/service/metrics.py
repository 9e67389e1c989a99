"""The figures of a running server, as Prometheus reads them."""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric, SummaryMetricFamily
from prometheus_client.registry import Collector

from search.service.inference import Inference

REFUSED = {401: "key", 408: "slow", 413: "size", 429: "full", 503: "late or stopping"}
"""Status → why the server refused to work."""
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class Metrics:
    """One server's figures, apart from those of any other in the process."""

    def __init__(self, inference: Inference) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_Inside(inference))
        self._requests = self._counter("requests", "Requests answered, by route and status.", "route", "status")
        self._refused = self._counter("refused", "Requests that were refused, by reason.", "reason")
        self._texts = self._counter("texts", "Texts embedded or scored, by model.", "model")
        self._tokens = self._counter("tokens", "Tokens that models read of them, by model.", "model")
        self._seconds = Histogram(
            "biocpt_request_seconds",
            "Seconds from a request's headers to the end of its answer, by route.",
            ("route",),
            buckets=_SECONDS,
            registry=self._registry,
        )

    def request(self, route: str, status: int, seconds: float) -> None:
        """Count one request."""
        self._requests.labels(route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)
        if status in REFUSED:
            self._refused.labels(REFUSED[status]).inc()

    def work(self, model: str, texts: int, tokens: int) -> None:
        """Count what a model did for one request."""
        self._texts.labels(model).inc(texts)
        self._tokens.labels(model).inc(tokens)

    def text(self) -> bytes:
        """All of it in Prometheus's text format."""
        return generate_latest(self._registry)

    def _counter(self, name: str, help: str, *labels: str) -> Counter:
        return Counter(f"biocpt_{name}", help, labels, registry=self._registry)


class _Inside(Collector):
    """What the models know of their own work, read when it is asked for."""

    def __init__(self, inference: Inference) -> None:
        self._inference = inference

    def collect(self) -> Iterable[Metric]:
        """What waits now, and the batches so far."""
        admission = self._inference.admission
        yield GaugeMetricFamily(
            "biocpt_waiting_tokens", "Tokens taken on and not computed yet.", admission.waiting_tokens
        )
        yield GaugeMetricFamily("biocpt_requests_in_work", "Requests being worked on or waiting.", admission.requests)
        sizes = SummaryMetricFamily("biocpt_batch_tokens", "Batches run, and the tokens in them.", labels=["model"])
        for lane in self._inference.lanes:
            sizes.add_metric([lane.served.name], lane.batcher.batches, lane.batcher.tokens)
        yield sizes
