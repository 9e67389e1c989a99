"""How numbers are written, the same on a terminal and in every report."""


def score(value: float) -> str:
    """A measure's value or mean: `0.7801`."""
    return f"{value:.4f}"


def signed(value: float) -> str:
    """A difference of two of them: `+0.0812`."""
    return f"{value:+.4f}"


def p(value: float) -> str:
    """The p of a test; what is smaller than can be drawn is not told apart."""
    return "<0.0001" if value < 0.0001 else f"{value:.4f}"


def ms(seconds: float) -> str:
    """Seconds as milliseconds: `1,234`, `12.3`, and what is below 1 as `0.123`."""
    value = 1000 * seconds
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 1 else f"{value:.3f}"


def percent(count: int, whole: int) -> str:
    """A part of all as a percentage; a dash where there is nothing to be a part of."""
    return f"{100 * count / whole:.1f}%" if whole else "–"


def part(count: int, whole: int) -> str:
    """A count with its part of all: `1,234 (56.7%)`; alone where there is nothing to be a part of."""
    return f"{count:,} ({percent(count, whole)})" if whole else f"{count:,}"
