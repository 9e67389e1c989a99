"""An evaluation as one HTML page with plots: no network, no script, light or dark as the reader has it, printable."""

from pathlib import Path

from onnx_models.errors import MissingExtra
from search.evaluation.evaluation import Evaluation
from search.evaluation.report import plots, tables
from search.evaluation.report.signs import held

_TEMPLATES = Path(__file__).parent / "templates"


def require() -> None:
    """Look for what writes the page, before there is anything to write.

    Raises:
        MissingExtra: jinja2 or matplotlib is not installed.
    """
    try:
        import jinja2  # noqa: F401
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise MissingExtra(what="Writing an HTML report", extra="eval") from error


def html(evaluation: Evaluation) -> str:
    """The whole page; equal for equal evaluations, and well-formed as XML too.

    Raises:
        MissingExtra: jinja2 or matplotlib is not installed.
    """
    try:
        from jinja2 import Environment, FileSystemLoader, StrictUndefined
    except ImportError as error:
        raise MissingExtra(what="Writing an HTML report", extra="eval") from error
    pages = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_printable,
        keep_trailing_newline=True,
    )
    return pages.get_template("report.html").render(evaluation=evaluation, tables=tables, plots=_plots(evaluation))


def _plots(evaluation: Evaluation) -> dict[str, str]:
    return {
        "latency": plots.quality_against_latency(evaluation),
        "recall": plots.recall_against_depth(evaluation),
        "differences": plots.differences(evaluation),
        "lost": plots.where_it_was_lost(evaluation),
    }


def _printable(value: object) -> object:
    """A text without the signs that no page can hold; what is text already marked as safe stays as it is."""
    return held(value) if type(value) is str else value
