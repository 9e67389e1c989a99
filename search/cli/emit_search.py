"""`biocpt search QUERY --emit …`: the requests for a question, printed instead of sent."""

from typing import TYPE_CHECKING, Any

import click

from search.cli.options import model_named, print_json, run_from

if TYPE_CHECKING:
    from indexer.engines.location import Access
    from search.emit.emission import Emission
    from search.request import SearchRequest

FORMS = ("curl", "json", "template", "elasticsearch")

_STORED = ("template", "template-call")


def emit(request: "SearchRequest", form: str, options: dict[str, Any]) -> None:
    """Print the requests of a question in one of FORMS; its answer is not asked for."""
    if options["as_json"] or options["explain"]:
        raise click.UsageError("--emit prints requests, which --json and --explain say nothing of: leave them out.")
    if options["sort"] == "date":
        raise click.UsageError("--sort date is done by biocpt itself; a request that is emitted ranks by relevance.")
    emission = _emission(request, form, options)
    if form == "json":
        from search.emit.emission import as_json

        print_json(as_json(emission))
    else:
        from search.emit.curl import script

        click.echo(script(emission, _access(form, options)), nl=False)


def _emission(request: "SearchRequest", form: str, options: dict[str, Any]) -> "Emission":
    from contextlib import closing
    from dataclasses import replace

    from search.emit import elasticsearch, opensearch
    from search.opening import SearcherOptions, open_searcher

    asked = SearcherOptions(
        home=options["home"],
        model=model_named(options),
        mode=options["mode"],
        rerank="none",  # what is emitted needs the query's vector alone
        run=run_from(options, one_shot=True),
    )
    request = replace(request, rerank=options["rerank"] != "none")
    with closing(open_searcher(options["index"], asked)) as searcher:
        if form == "elasticsearch":
            return elasticsearch.emission(searcher, request)
        emission = opensearch.emission(searcher, request)
    if form == "json":
        return emission
    is_template = form == "template"
    kept = [each for each in emission.requests if (each.name in _STORED) == is_template]
    return replace(emission, requests=kept)


def _access(form: str, options: dict[str, Any]) -> "Access":
    """How to be let in; of Elasticsearch we know nothing."""
    from search.emit.curl import NOBODY

    access: Access = options["index"].access
    return NOBODY if form == "elasticsearch" else access
