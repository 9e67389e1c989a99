"""How every plot looks, and how a figure becomes SVG inside a page: no clock, no outside font, no id twice."""

import io
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from html import escape
from typing import TYPE_CHECKING, Any, NamedTuple

from onnx_models.errors import MissingExtra
from search.evaluation.report.signs import held

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INK = "#1f2328"
"""What the axes and the words are drawn with; becomes the colour of the page's text, dark or light."""

PAPER = "#fefefe"
"""What lies behind; becomes the colour of the page."""


class Look(NamedTuple):
    """How one series is told from the others, with colours or without them."""

    colour: str
    marker: str
    line: str
    hatch: str


LOOKS = (
    Look("#0072b2", "o", "-", ""),
    Look("#d55e00", "s", "--", "////"),
    Look("#009e73", "^", "-.", "\\\\\\\\"),
    Look("#cc79a7", "D", ":", "----"),
    Look("#e69f00", "v", "-", "xxxx"),
    Look("#56b4e9", "P", "--", "||"),
    Look("#8c8c8c", "X", "-.", ""),
    Look("#7b5ea7", "*", ":", "++"),
)
"""Colours that the colour-blind tell apart (Okabe and Ito 2008, less those lost on white or black), in turn."""

_STYLE = {
    "svg.fonttype": "none",
    "text.parse_math": False,
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.alpha": 0.2,
    "hatch.linewidth": 0.6,
    **dict.fromkeys(
        ("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color", "grid.color"), INK
    ),
}

_PARTS_OF_A_FILE = re.compile(r"<\?xml.*?\?>|<!DOCTYPE.*?>|<defs>\s*<style.*?</style>\s*</defs>|<!--.*?-->", re.DOTALL)
_TAG = re.compile(r"<[^>]*>")
_IDS = re.compile(r'(\bid="|xlink:href="#|url\(#)')
_FINE = re.compile(r"(\.\d\d)\d+")
"""What is finer than a hundredth of a point."""
_SIZE = re.compile(r'(<svg[^>]*?) width="[^"]*" height="[^"]*"')


def look(at: int) -> Look:
    """That of the series at this position."""
    return LOOKS[at % len(LOOKS)]


@contextmanager
def canvas(width: float, height: float) -> Iterator["Figure"]:
    """An empty figure in inches, whose settings are ours whatever the user's own are; draw and save it inside.

    Raises:
        MissingExtra: matplotlib is not installed.
    """
    try:
        from matplotlib import style
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtra(what="Drawing plots", extra="eval") from error
    settings: dict[str, Any] = {**_STYLE, "svg.hashsalt": "biocpt"}
    with style.context(["default", settings]), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph ")  # the reader's own fonts write the words, not ours
        yield Figure(figsize=(width, height), layout="constrained")


def svg(figure: "Figure", *, name: str, title: str, description: str) -> str:
    """One `<svg>` element for a page: it grows with its column, takes the page's colours and is read aloud.

    Args:
        figure: what was drawn on a `canvas` that is still open.
        name: put before each id, so that plots of one page share none.
        title: what is shown.
        description: what there is to see, for those who do not see it.
    """
    file = io.StringIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    figure.savefig(file, format="svg", transparent=True, metadata=nothing)
    text = _PARTS_OF_A_FILE.sub("", held(file.getvalue())).strip()
    text = _TAG.sub(lambda tag: _for_a_page(tag[0], name), text)
    opening, rest = _SIZE.sub(r"\1", text, count=1).split(">", 1)
    return (
        f'{opening} role="img" aria-labelledby="{name}-title {name}-description"'
        ' style="stroke-linejoin: round; stroke-linecap: butt">'
        f'\n <title id="{name}-title">{escape(held(title))}</title>'
        f'\n <desc id="{name}-description">{escape(held(description))}</desc>{rest}\n'
    )


def _for_a_page(tag: str, name: str) -> str:
    if tag.startswith("<path"):
        tag = _FINE.sub(r"\1", tag)
    tag = _IDS.sub(lambda found: f"{found[1]}{name}-", tag)
    tag = tag.replace("font-family: 'DejaVu Sans'", "font-family: inherit")
    return tag.replace(INK, f"var(--ink, {INK})").replace(PAPER, f"var(--paper, {PAPER})")


def spread(wanted: Sequence[float], *, gap: float, low: float, high: float) -> list[float]:
    """Places for labels near where each is wanted, at least `gap` apart and from `low` to `high`, in the same order.

    Where there is no room for the gap, they share the room evenly.
    """
    order = sorted(range(len(wanted)), key=lambda at: (wanted[at], at))
    gap = min(gap, (high - low) / max(len(wanted) - 1, 1))
    places = [0.0] * len(wanted)
    floor = low
    for at in order:
        places[at] = max(wanted[at], floor)
        floor = places[at] + gap
    ceiling = high
    for at in reversed(order):
        places[at] = min(places[at], ceiling)
        ceiling = places[at] - gap
    return places
