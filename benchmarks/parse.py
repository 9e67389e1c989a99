"""Records a second from PubMed XML to whole records, beside pubmed_parser, on the same files and in turn.

    python benchmarks/parse.py [--data $BIOCPT_DATA]

Each run is a new process that reads the file once. Expected on 2 cores: at least twice the records a second, with more
fields, below 300 MB.
"""

import argparse
import gzip
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.machine import peak_megabytes
from benchmarks.report import Claim, Report
from benchmarks.timing import Spread, in_turn, ratio

FILLED = False
NOTHING: set[str] = set()
UPDATE = "pubmed_xml/medline16n0902.xml.gz"
PEER = "pubmed_parser"
BAR, MOST_MB = 2.0, 300


def ours(path: Path) -> Iterator[set[str]]:
    """For each record, the names of the fields that it fills (`FILLED` records), or nothing."""
    from dataclasses import MISSING, fields

    from indexer.article import Article
    from indexer.order import Stamp
    from indexer.sources import read

    defaults = {f.name: f.default if f.default is not MISSING else {} for f in fields(Article)}
    for item in read(path, Stamp(2016, 902)):
        stated = FILLED and isinstance(item, Article)
        yield {name for name, default in defaults.items() if getattr(item, name) != default} if stated else NOTHING


def pubmed_parser(path: Path) -> Iterator[set[str]]:
    """The same with the peer, asked for all that it can read."""
    import pubmed_parser as peer

    wanted = {"author_list": True, "reference_list": True, "parse_downto_mesh_subterms": True}
    for record in peer.parse_medline_xml(str(path), year_info_only=False, **wanted):
        yield {name for name, value in record.items() if value} if FILLED else NOTHING


PARSERS = {"ours": ours, "pubmed_parser": pubmed_parser}


def child(name: str, path: Path) -> None:
    """One measured run, then an unmeasured look at the fields of the first records; prints one JSON object."""
    global FILLED
    started = time.perf_counter()
    count = sum(1 for _ in PARSERS[name](path))
    seconds = time.perf_counter() - started
    peak = peak_megabytes() or 0
    FILLED = True
    filled = set().union(*islice(PARSERS[name](path), 604))
    print(json.dumps({"records": count, "seconds": seconds, "peak_mb": peak, "fields": sorted(filled)}))


def wrapped(update: bytes, copies: int) -> bytes:
    """The update file's citations under the newer root, which alone the peer reads; copies get PMIDs of their own."""
    body = update[update.index(b"<MedlineCitation ") : update.index(b"<DeleteCitation")]
    body = body.replace(b"<MedlineCitation ", b"<PubmedArticle><MedlineCitation ")
    body = body.replace(b"</MedlineCitation>", b"</MedlineCitation></PubmedArticle>")
    own = re.compile(rb"(<MedlineCitation [^>]*>\s*<PMID[^>]*>)(\d+)")
    parts = [body] + [
        own.sub(lambda found, copy=copy: found[1] + b"%d" % (int(found[2]) + copy * 100_000_000), body)
        for copy in range(1, copies)
    ]
    return b"<PubmedArticleSet>" + b"".join(parts) + b"</PubmedArticleSet>"


def runs(path: Path, rounds: int, interpreters: Mapping[str, str]) -> dict[str, list[dict[str, Any]]]:
    """What each parser's processes said, in turn."""
    said: dict[str, list[dict[str, Any]]] = {name: [] for name in interpreters}

    def one(name: str, python: str) -> float:
        command = [python, __file__, "--child", name, str(path)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        said[name].append(json.loads(done.stdout))
        return float(said[name][-1]["seconds"])

    in_turn({name: lambda n=name, p=python: one(n, p) for name, python in interpreters.items()}, rounds)
    return said


def of_file(title: str, said: Mapping[str, Sequence[Mapping[str, Any]]]) -> Iterator[Claim]:
    """What is claimed of one file."""
    speeds = {name: [run["records"] / run["seconds"] for run in each] for name, each in said.items()}
    peaks = [run["peak_mb"] for run in said["ours"]]
    theirs = {"theirs": Spread.of(speeds[PEER]), "ratio": ratio(speeds["ours"], speeds[PEER])} if PEER in said else {}
    yield Claim(
        claim=f"parsing, {title}",
        unit="records/s",
        ours=Spread.of(speeds["ours"]),
        beside=PEER if PEER in said else "",
        bar=BAR if PEER in said else None,
        **theirs,
    )
    yield Claim(
        claim=f"memory, {title}",
        unit="MB",
        ours=Spread.of(peaks),
        beside=PEER if PEER in said else "",
        theirs=Spread.of([run["peak_mb"] for run in said[PEER]]) if PEER in said else None,
        bar=MOST_MB,
        bar_on="ours",
        at_most=True,
    )


def measure(options: argparse.Namespace) -> Report:
    from benchmarks import commandline, environments

    interpreters, not_run, versions = {"ours": sys.executable}, {}, {}
    try:
        interpreters[PEER] = environments.python(PEER, options.peers)
        versions = environments.versions(interpreters[PEER], PEER)
    except environments.NotRun as error:
        not_run[PEER] = str(error)
    update = gzip.decompress((commandline.data(options, UPDATE) / UPDATE).read_bytes())
    copies = {"604 records": 1} if options.quick else {"604 records": 1, "30,200 records": 50}
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        for title, times in copies.items():
            path = Path(folder) / f"copies{times}.xml.gz"
            path.write_bytes(gzip.compress(wrapped(update, times), compresslevel=6))
            figures[title] = runs(path, 2 if options.quick else options.rounds, interpreters)
    return found(figures, versions, not_run)


def found(figures: Mapping[str, Any], versions: Mapping[str, str], not_run: Mapping[str, str]) -> Report:
    """`figures`: file → parser → what each run said."""
    first = next(iter(figures.values()))
    fields = {name: len(runs[0]["fields"]) for name, runs in first.items()}
    return Report(
        name="parse",
        work={"rounds": len(first["ours"]), **{f"fields filled, {name}": count for name, count in fields.items()}},
        claims=tuple(claim for title, said in figures.items() for claim in of_file(title, said)),
        versions=versions,
        not_run=not_run,
        figures=figures,
    )


def main() -> int:
    if sys.argv[1:2] == ["--child"]:  # also by the peer's interpreter, which has nothing of ours
        child(sys.argv[2], Path(sys.argv[3]))
        return 0
    from benchmarks import commandline

    return commandline.run("parse", commandline.parser(__doc__, rounds=3), measure)


if __name__ == "__main__":
    sys.exit(main())
