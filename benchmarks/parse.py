"""Records a second from PubMed XML to whole records, beside pubmed_parser, on the same files and in turn.

    python benchmarks/parse.py --data $BIOCPT_DATA --peer-python /path/to/venv/bin/python

The peer's interpreter needs `pubmed_parser`; without `--peer-python` ours is measured alone. Each run is a new process
that reads the file once. Expected on 2 cores: at least twice the records a second, with more fields, below 300 MB.
"""

import argparse
import gzip
import json
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

FILLED = False
NOTHING: set[str] = set()
UPDATE = "pubmed_xml/medline16n0902.xml.gz"


def ours(path: Path) -> Iterator[set[str]]:
    """For each record, the names of the fields that it fills (`FILLED` records), or nothing."""
    sys.path.insert(0, str(Path(__file__).parents[1]))
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
    peak = peak_mb()
    FILLED = True
    filled = set().union(*islice(PARSERS[name](path), 604))
    print(json.dumps({"records": count, "seconds": seconds, "peak_mb": peak, "fields": sorted(filled)}))


def peak_mb() -> float:
    """The most memory that this process held. Not ru_maxrss, which on Linux includes the process that started it."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024


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


def measure(path: Path, runs: int, interpreters: dict[str, str]) -> dict[str, object]:
    """Runs in turn; medians, and the median of the ratios of neighbouring runs."""
    results: dict[str, list[dict[str, object]]] = {name: [] for name in interpreters}
    for _ in range(runs):
        for name, python in interpreters.items():
            done = subprocess.run(
                [python, __file__, "--child", name, str(path)], check=True, stdout=subprocess.PIPE, text=True
            )
            results[name].append(json.loads(done.stdout))
    summary: dict[str, object] = {}
    speeds = {name: [r["records"] / r["seconds"] for r in found] for name, found in results.items()}
    for name, found in results.items():
        summary[name] = {
            "records": found[0]["records"],
            "records_per_second": round(statistics.median(speeds[name])),
            "records_per_second_runs": [round(speed) for speed in speeds[name]],
            "peak_mb": round(max(r["peak_mb"] for r in found)),
            "fields": len(found[0]["fields"]),
        }
    if "pubmed_parser" in speeds:
        ratios = [a / b for a, b in zip(speeds["ours"], speeds["pubmed_parser"], strict=True)]
        summary["times_as_fast"] = round(statistics.median(ratios), 2)
        summary["times_as_fast_runs"] = [round(ratio, 2) for ratio in ratios]
    return summary


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, help="the folder of real files (BIOCPT_DATA)")
    options.add_argument("--peer-python", help="an interpreter that has pubmed_parser")
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "parse.json")
    options.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    asked = options.parse_args()
    if asked.child:
        child(asked.child[0], Path(asked.child[1]))
        return
    interpreters = {"ours": sys.executable} | ({"pubmed_parser": asked.peer_python} if asked.peer_python else {})
    update = gzip.decompress((asked.data / UPDATE).read_bytes())
    result: dict[str, object] = {"python": platform.python_version(), "machine": platform.machine(), "runs": asked.runs}
    with tempfile.TemporaryDirectory() as folder:
        for title, copies in (("update file, 604 records", 1), ("30,200 records", 50)):
            path = Path(folder) / f"copies{copies}.xml.gz"
            path.write_bytes(gzip.compress(wrapped(update, copies), compresslevel=6))
            result[title] = measure(path, asked.runs, interpreters)
    asked.out.parent.mkdir(exist_ok=True)
    asked.out.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
