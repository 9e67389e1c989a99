"""Numbers as people write them, as callbacks of options: `38M` articles, `64GB` of memory."""

import math
import re
from collections.abc import Mapping
from typing import Any

import click

_TIMES = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9}
_BYTES = {"b": 1}
for _power, _letter in enumerate("kmgt", start=1):
    _BYTES |= {_letter: 1000**_power, f"{_letter}b": 1000**_power, f"{_letter}ib": 1024**_power}


MOST_ARTICLES = 10**12
LEAST_MEMORY, MOST_MEMORY = 10**9, 10**15
"""Bytes of a node."""


class Quantity(click.FloatRange):
    """A number between two, both included; `nan` is none."""

    def __init__(self, low: float, high: float) -> None:
        super().__init__(min=low, max=high)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number."""
        number = super().convert(value, param, ctx)
        if math.isnan(number):
            self.fail(f"{value!r} is not a number.", param, ctx)
        return number


def count(_: click.Context, __: click.Parameter, value: str) -> int:
    """A number of things: k, M and G for thousands, millions and thousands of these."""
    number = _read(value, _TIMES, "38M, 1.5k or 38_000_000")
    if not 1 <= number <= MOST_ARTICLES:
        raise click.BadParameter(f"{value[:80]!r} is not between 1 and {MOST_ARTICLES // 10**9}G.")
    return number


def size(_: click.Context, __: click.Parameter, value: str) -> int:
    """Bytes of a node's memory: kB to TB by thousands, KiB to TiB by 1,024."""
    number = _read(value, _BYTES, "64GB or 512GiB")
    if not LEAST_MEMORY <= number <= MOST_MEMORY:
        raise click.BadParameter(f"{value[:80]!r} is not between 1GB and {MOST_MEMORY // 10**12}TB.")
    return number


def _read(value: str, units: Mapping[str, int], example: str) -> int:
    plain = re.sub(r"[_,\s]", "", value).lower()
    found = re.fullmatch(r"(\d{1,18}(?:\.\d{1,9})?)([a-z]*)", plain, re.ASCII)
    if found is None or found[2] not in units:
        raise click.BadParameter(f"{value[:80]!r} is not a number such as {example}.")
    return round(float(found[1]) * units[found[2]])
