"""How an index in a cluster is made and loaded: options that become the `WriteOptions` of a writer."""

import functools
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from search.cli.options import with_options

if TYPE_CHECKING:
    from indexer.engines.writing import Bm25, Share, WriteOptions

F = TypeVar("F", bound=Callable[..., Any])

_PREFIX = "writing_"


def load_options(function: F) -> F:
    """What `biocpt index` takes; the command gets `writing`, a `WriteOptions`."""
    share = _option("--shard", metavar="K/N", callback=_share, help=_SHARD)
    return _with(function, [*_rebuild_options(), share, *_new_index_options()])


def copy_into_options(function: F) -> F:
    """The same for `biocpt copy`, which has no files to share."""
    return _with(function, [*_rebuild_options(), *_new_index_options()])


_SHARD = (
    "In a cluster: load the K-th of N shares of FILES, while others load theirs; each must be given the same FILES. "
    "The last to end has the index served."
)


def _rebuild_options() -> list[Any]:
    rebuild = (
        "In a cluster: load a new version beside the one that is served, and serve it once it is whole. It is made "
        "like the served one, but for the options of a new index that are given."
    )
    other = (
        "With --rebuild: serve the new version though it lacks files that the served one had when the rebuild began, "
        "such as last year's baseline, or that others who loaded it with --shard were given."
    )
    drop = "With --rebuild: drop the older versions once the new one is served."
    helps = {"--rebuild": rebuild, "--other-files": other, "--drop-old": drop}
    return [_option(flag, is_flag=True, help=help) for flag, help in helps.items()]


def _new_index_options() -> list[Any]:
    encodings = click.Choice(["lucene", "faiss", "faiss-fp16", "faiss-disk32x"])
    return [
        _option("--vectors", type=encodings, help="Of a new index in a cluster: what keeps vectors. [default: lucene]"),
        _option(
            "--bm25",
            metavar="K1,B",
            callback=_bm25,
            help="Of a new index in a cluster: how BM25 weighs repeated words and long texts. [default: 1.2,0.75]",
        ),
        _option(
            "--shards", type=click.IntRange(min=1), help="Of a new index in a cluster: primary shards. [default: 1]"
        ),
        _option(
            "--replicas",
            type=click.IntRange(min=0),
            help="Of a new index in a cluster: copies of each shard. [default: one, where there is a second node]",
        ),
        _option(
            "--connections",
            type=click.IntRange(min=1),
            help="To a cluster: requests that are under way at once. [default: 4]",
        ),
    ]


def _option(flag: str, **more: Any) -> Any:
    return click.option(flag, _PREFIX + flag.removeprefix("--").replace("-", "_"), **more)


def _with(function: F, options: list[Any]) -> F:
    @functools.wraps(function)
    def written(*arguments: Any, **values: Any) -> Any:
        given = {name.removeprefix(_PREFIX): values.pop(name) for name in list(values) if name.startswith(_PREFIX)}
        return function(*arguments, writing=_write_options(given), **values)

    return cast(F, with_options(written, options))  # click reads the parameters off the wrapper


def _write_options(given: dict[str, Any]) -> "WriteOptions":
    from indexer.engines.writing import WriteOptions

    if given["drop_old"] and not given["rebuild"]:
        raise click.UsageError("--drop-old belongs to --rebuild; `biocpt drop --old` drops old versions by itself.")
    if given["other_files"] and not given["rebuild"]:
        raise click.UsageError("--other-files belongs to --rebuild.")
    given["share"] = given.pop("shard", None)
    return WriteOptions(**{name: value for name, value in given.items() if value is not None})


def _share(_context: click.Context, _option: click.Parameter, value: str | None) -> "Share | None":
    from indexer.engines.writing import Share

    if value is None:
        return None
    found = re.fullmatch(r"(\d{1,6})/(\d{1,6})", value)
    if found is None or not 1 <= int(found[1]) <= int(found[2]):
        raise click.BadParameter(f"{value!r} is no share of several; name one such as 3/16, from 1/16 to 16/16.")
    return Share(int(found[1]), int(found[2]))


def _bm25(_context: click.Context, _option: click.Parameter, value: str | None) -> "Bm25 | None":
    from indexer.engines.writing import Bm25

    if value is None:
        return None
    try:
        k1, b = map(float, value.split(","))
    except ValueError:
        raise click.BadParameter(f"{value!r} is not two numbers, K1 and B, such as 0.9,0.4.") from None
    if not (0 <= k1 <= 100 and 0 <= b <= 1):
        raise click.BadParameter(f"{value!r}: K1 is 0 or more (up to 100), and B is 0 to 1.")
    return Bm25(k1, b)
