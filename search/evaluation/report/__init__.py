"""Reports of an evaluation, for people: Markdown, and one HTML page with plots that needs nothing else."""

from search.evaluation.report.html import html, require
from search.evaluation.report.markdown import markdown

__all__ = ["html", "markdown", "require"]
