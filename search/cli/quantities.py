"""Numbers as people write them, as callbacks of options: `38M` articles, `64GB` of memory."""

import re
from collections.abc import Mapping

import click

_TIMES = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9}
_BYTES = {"b": 1}
for _power, _letter in enumerate("kmgt", start=1):
    _BYTES |= {_letter: 1000**_power, f"{_letter}b": 1000**_power, f"{_letter}ib": 1024**_power}


def count(_: click.Context, __: click.Parameter, value: str) -> int:
    """A number of things: k, M and G for thousands, millions and thousands of these."""
    return _read(value, _TIMES, "38M, 1.5k or 38_000_000")


def size(_: click.Context, __: click.Parameter, value: str) -> int:
    """Bytes: kB to TB by thousands, KiB to TiB by 1,024."""
    return _read(value, _BYTES, "64GB or 512GiB")


def _read(value: str, units: Mapping[str, int], example: str) -> int:
    plain = re.sub(r"[_,\s]", "", value).lower()
    found = re.fullmatch(r"(\d{1,18}(?:\.\d{1,9})?)([a-z]*)", plain, re.ASCII)
    if found is None or found[2] not in units:
        raise click.BadParameter(f"{value[:80]!r} is not a number such as {example}.")
    number = round(float(found[1]) * units[found[2]])
    if number < 1:
        raise click.BadParameter(f"{value[:80]!r} is less than one.")
    return number
