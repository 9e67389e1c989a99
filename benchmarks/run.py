"""Run the benchmarks one after the other, each in a process of its own, and write RESULTS.md: `make bench`.

    python benchmarks/run.py [--quick] [--only encode,parse] [--data …] [--home …] [--cluster …] [--peer NAME=PYTHON]

A benchmark that cannot run here says why, and the others go on. With `--quick` there is less of everything, figures and
page go to build/benchmarks/quick, and no bar is judged. Exit 1 where a bar is missed or a benchmark failed.

Add a benchmark: a script beside this one, a row in BENCHMARKS, and one in `results.SUBJECTS`.
"""

import argparse
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import commandline, environments, results
from benchmarks.commandline import MISSED, MISSING

BENCHMARKS: dict[str, tuple[str, ...]] = {
    "encode": (),
    "rerank": (),
    "training": (),
    "model_server": (),
    "parse": (),
    "index_write": (),
    "search_speed": (),
    "embedded_search": (),
    "vector_recall": (),
    "opensearch_load": ("--cluster",),
    "opensearch_search": ("--cluster",),
    "attach": ("--cluster",),
    "growth": ("--cluster",),
}
"""Script → the options that it takes beside those of all."""
WITHOUT_DATA = ("vector_recall",)
"""What needs no real articles."""


def command(name: str, options: argparse.Namespace) -> list[str]:
    """How to run one."""
    found = [sys.executable, str(Path(__file__).parent / f"{name}.py"), "--home", str(options.home)]
    found += ["--quick"] if options.quick else []
    found += ["--data", str(options.data)] if options.data else []
    found += [word for pair in options.peer for word in ("--peer", pair)]
    return found + (["--cluster", options.cluster] if options.cluster and "--cluster" in BENCHMARKS[name] else [])


def only(names: str) -> list[str]:
    """The benchmarks that were named, in their own order.

    Raises:
        ValueError: there is none of a name.
    """
    asked = {name.strip() for name in names.split(",")} if names else set(BENCHMARKS)
    if unknown := sorted(asked - set(BENCHMARKS)):
        raise ValueError(f"There is no benchmark {unknown[0]!r}; there are {', '.join(BENCHMARKS)}.")
    return [name for name in BENCHMARKS if name in asked]


def run(names: list[str], options: argparse.Namespace) -> dict[str, int]:
    """The exit status of each."""
    statuses = {}
    for name in names:
        print(f"\n== {name}", flush=True)
        started = time.perf_counter()
        statuses[name] = subprocess.run(command(name, options), check=False).returncode
        print(f"{name}: {time.perf_counter() - started:.0f} s", file=sys.stderr, flush=True)
    return statuses


def summary(statuses: dict[str, int]) -> list[str]:
    """A line for what did not go well."""
    words = {0: "", MISSED: "a bar is missed, or it failed", MISSING: "not run: see above"}
    return [f"{name}: {words.get(status, 'it failed')}" for name, status in statuses.items() if status]


def main() -> int:
    asked = commandline.parser(__doc__, rounds=0)
    asked.add_argument("--only", default="", metavar="NAMES", help=f"between commas, of {', '.join(BENCHMARKS)}")
    asked.add_argument("--cluster", help="an OpenSearch with nothing else to do, such as http://127.0.0.1:9200")
    options = asked.parse_args()
    try:
        environments.given(options.peer)
        names = only(options.only)
    except ValueError as error:
        asked.error(str(error))
    if options.data is None:
        without = ", ".join(name for name in names if name in WITHOUT_DATA) or "none of these"
        print(f"BIOCPT_DATA is not set; without real articles runs: {without}.", file=sys.stderr)
    statuses = run(names, options)
    page = commandline.WORK / "quick" / "RESULTS.md" if options.quick else results.TARGET
    results.write(commandline.place("", options.quick).parent, page)
    print(f"\nWrote {page}", *summary(statuses), sep="\n", file=sys.stderr)
    return int(any(status not in (0, MISSING) for status in statuses.values()))


if __name__ == "__main__":
    sys.exit(main())
