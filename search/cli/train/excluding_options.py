"""`--exclude` and `--exclude-like`: articles that no model is to be trained on."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from search.cli.options import with_options

if TYPE_CHECKING:
    from indexer.article import Article
    from search.training.excluding import Exclusions

F = TypeVar("F", bound=Callable[..., Any])


def excluding_options(function: F) -> F:
    """Both options; see `exclusions_of`."""
    options = [
        click.option(
            "--exclude",
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            multiple=True,
            help="Ids, one a line, of articles to keep out.",
        ),
        click.option(
            "--exclude-like",
            type=click.Path(exists=True, path_type=Path),
            multiple=True,
            help="An index's folder or a file of articles to keep out, with their near-duplicates.",
        ),
    ]
    return with_options(function, options)


def exclusions_of(options: Mapping[str, Any]) -> "Exclusions":
    """What they name.

    Raises:
        SearchError, IndexerError: a file or an index cannot be read.
    """
    from search.training.excluding import Exclusions, ids_in

    return Exclusions(
        ids_in(options["exclude"]), (one for place in options["exclude_like"] for one in _articles(place))
    )


def _articles(place: Path) -> "Iterator[Article]":
    from indexer.article import Article
    from indexer.engines import open_reader
    from search.training.texts import articles

    if not place.is_dir():
        yield from articles(place)
        return
    with closing(open_reader(str(place))) as reader:
        yield from (row.record for row in reader.rows() if isinstance(row.record, Article))
