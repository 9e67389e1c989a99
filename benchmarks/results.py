"""Write RESULTS.md from the figures that benchmarks saved: `python benchmarks/results.py`. Never edit it by hand.

Add a benchmark: a row in SUBJECTS.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.report import Claim, Report, Table, load
from benchmarks.timing import Spread

FIGURES = Path(__file__).parent / "results"
TARGET = Path(__file__).parent / "RESULTS.md"
SUBJECTS: dict[str, tuple[str, ...]] = {
    "Ranking quality": ("quality", "scifact", "scifact_opensearch"),
    "Encoding": ("encode", "encode_gpu"),
    "Re-ranking": ("rerank",),
    "Training": ("training",),
    "The model server": ("model_server",),
    "Reading PubMed's XML": ("parse",),
    "The embedded index": ("index_write", "search_speed", "embedded_search", "vector_recall"),
    "OpenSearch": ("opensearch_load", "opensearch_search", "attach"),
    "Growth": ("growth",),
}
"""Heading → benchmarks, in the order to show."""

OPENING = """\
# Results

Written by `benchmarks/results.py` from the files in `benchmarks/results/`, which the benchmarks write.
A bar in bold is missed.
Medians are shown with the smallest and the largest of the runs in brackets.
A ratio is the median over rounds in which ours and the peer took turns; it need not be that of the medians.
`README.md` beside this file says what each benchmark needs; `make bench` runs them, `make bench-quick` a part of each.
"""


def page(reports: Mapping[str, Report]) -> str:
    """The whole page."""
    lines = [OPENING]
    machines = distinct_machines(reports.values())
    lines += ["## Machines\n", *of_machines(machines)]
    for heading, names in SUBJECTS.items():
        present = [reports[name] for name in names if name in reports]
        if present:
            lines.append(f"## {heading}\n")
        for report in present:
            lines += [f"### {report.name}\n", *of_report(report)]
            lines.append(of_run(report, machines) + "\n")
    return "\n".join(lines).rstrip() + "\n"


def of_report(report: Report) -> Iterator[str]:
    """One benchmark as Markdown, without its heading."""
    yield f"{'; '.join(f'{what}: {shown(value)}' for what, value in report.work.items())}.\n"
    if report.claims:
        yield from table(
            ("claim", "bar", "measured", "beside", "ratio"),
            [of_claim(claim, report.versions) for claim in report.claims],
        )
    for each in report.tables:
        yield from of_table(each)
    for what, why in report.not_run.items():
        yield f"Not run: {what}: {why}.\n"
    for note in report.notes:
        yield note + "\n"


def of_claim(claim: Claim, versions: Mapping[str, str]) -> tuple[str, ...]:
    """One row."""
    name = f"{claim.beside} {versions[claim.beside]}" if claim.beside in versions else claim.beside
    beside = f"{name}: {spread(claim.theirs)}" if claim.theirs else name
    unit = f" {claim.unit}" if claim.unit else ""
    ours = f"{spread(claim.ours)}{unit}" if claim.ours else ""
    return claim.claim, bar(claim), ours, beside, spread(claim.ratio) if claim.ratio else ""


def bar(claim: Claim) -> str:
    """The bar in words, in bold where it is missed."""
    if claim.bar is None:
        return ""
    unit = "times" if claim.bar_on == "ratio" else claim.unit
    bound = "within" if claim.bar_on == "distance" else "at most" if claim.at_most else "at least"
    words = f"{bound} {number(claim.bar)} {unit}".rstrip()
    return words if claim.is_met else f"**{words}**"


def of_table(found: Table) -> Iterator[str]:
    """A table under its title."""
    yield f"{found.title}:\n"
    yield from table(found.columns, [tuple(map(shown, row)) for row in found.rows])


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Markdown, with an empty line after it."""
    yield f"| {' | '.join(columns)} |"
    yield "|" + "---|" * len(columns)
    for row in rows:
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"
    yield ""


def spread(found: Spread) -> str:
    """Median, and the ends where there was more than one run."""
    ends = f" ({number(found.low)} to {number(found.high)})" if found.runs > 1 else ""
    return number(found.median) + ends


def number(value: float) -> str:
    """Three digits, or as many as tell a share from 1."""
    if value == int(value) and abs(value) < 1e6:
        return f"{int(value):,}"
    if 0.99 <= abs(value) < 1:
        return f"{value:.5f}".rstrip("0")
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}" if abs(value) >= 1 else f"{value:.3g}"


def shown(value: str | float | None) -> str:
    """A cell; a dash where nothing was measured."""
    if value is None:
        return "–"
    return value if isinstance(value, str) else number(value)


def distinct_machines(reports: Iterable[Report]) -> list[dict[str, str]]:
    """Machines with their software, without the day and the commit."""
    found: list[dict[str, str]] = []
    for report in reports:
        if (facts := lasting(report.machine)) not in found:
            found.append(facts)
    return found


def lasting(machine: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in machine.items() if name not in ("date", "commit")}


def of_machines(machines: Sequence[Mapping[str, str]]) -> Iterator[str]:
    """A table with a column a machine."""
    facts = list(dict.fromkeys(name for each in machines for name in each))
    rows = [(fact, *(each.get(fact, "–") for each in machines)) for fact in facts]
    yield from table(("", *(f"machine {place}" for place in range(1, len(machines) + 1))), rows)


def of_run(report: Report, machines: Sequence[Mapping[str, str]]) -> str:
    """How to do it again, and when and where it was done."""
    place = machines.index(lasting(report.machine)) + 1
    told = [f"machine {place}"]
    if "date" in report.machine:
        told.insert(0, report.machine["date"])
    if "commit" in report.machine:
        told.append(f"commit {report.machine['commit']}")
    versions = ", ".join(f"{name} {version}" for name, version in report.versions.items())
    again = f"`python benchmarks/{report.name}.py`: {', '.join(told)}"
    return again + (f"; {versions}." if versions else ".")


def read(folder: Path) -> dict[str, Report]:
    """All that was saved there, in the order of SUBJECTS."""
    names = [name for names in SUBJECTS.values() for name in names]
    return {name: load(folder / f"{name}.json") for name in names if (folder / f"{name}.json").is_file()}


def write(folder: Path = FIGURES, target: Path = TARGET) -> None:
    """The page of the figures in a folder."""
    target.write_text(page(read(folder)), encoding="utf-8")


if __name__ == "__main__":
    write()
