"""Ranking quality by `biocpt eval`: SciFact, NFCorpus, PubMedQA and BIOSSES, on the embedded engine and in OpenSearch.

    python benchmarks/quality.py [--cluster http://127.0.0.1:9200] [--late]

needs scifact/, nfcorpus/, pubmedqa/ and biosses/ in the folder of real articles, an installed model set, and the extra
`eval`. Each collection is indexed by `biocpt index`, once: the indexes stay in build/benchmarks/quality. With --cluster
they are copied there too, with OpenSearch's BM25 and with Anserini's (k1 .9, b .4), evaluated, and dropped. With --late
the hybrid list is re-ranked by late interaction as well, which takes a second or two a question.
"""

import argparse
import json
import os
import secrets
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))

from opensearchpy import OpenSearch

from benchmarks import commandline
from benchmarks.report import Claim, Report, Table
from benchmarks.timing import Spread

SYSTEMS: dict[str, str] = {
    "lexical": "mode = 'lexical'",
    "dense": "mode = 'dense'",
    "rrf": "fusion = 'rrf'",
    "interpolate": "fusion = 'interpolate'",
    "late": "rerank = 'late'",
    "multifield": """
mode = "lexical"
boosts = {title_abstract = 0, mesh_text = 0, keyword_text = 0, title = 1, abstract = 1}""",
}
"""Name → recipe; `multifield` is what Anserini calls so: the BM25 of title and abstract, added up."""
ASKED = ("lexical", "dense", "rrf", "interpolate")


class Collection(NamedTuple):
    """A folder of the real articles, and how it is asked."""

    place: str
    split: str
    articles: str
    """The file of its articles that `biocpt index` reads; "" where it has to be written first."""
    measures: tuple[str, ...]


COLLECTIONS: dict[str, Collection] = {
    "SciFact test": Collection("scifact", "test", "corpus.jsonl.gz", ("nDCG@10", "R@100")),
    "NFCorpus dev": Collection("nfcorpus", "dev", "corpus.jsonl.gz", ("nDCG@10", "R@100")),
    "PubMedQA known item": Collection("pubmedqa", "test", "", ("RR@10", "R@10")),
}

ELSEWHERE: dict[tuple[str, str], tuple[str, float, float | None]] = {
    ("SciFact test", "lexical"): ("bm25s, k1 1.2, b .75", 0.679, 0.015),
    ("SciFact test", "dense"): ("sentence-transformers, exact search", 0.643, 0.005),
    ("SciFact test", "rrf"): ("their lists, RRF 60", 0.715, None),
    ("SciFact test", "interpolate"): ("their lists, min-max mean", 0.723, None),
}
"""Collection and system → another tool, its figure for the first measure, and how far ours may lie from it."""
ANSERINI = {"multifield": 0.6647, "lexical": 0.6789}
"""Anserini's BM25 (k1 .9, b .4) on SciFact: two fields added up, and, beside our list of one text, its flat index."""
WITHIN = 0.01
"""How far a figure through OpenSearch may lie from the folder's, and with Anserini's BM25 from Anserini's."""

Means = Mapping[str, Mapping[str, float]]
"""System → measure → mean."""


def biocpt(*words: str | Path) -> str:
    """What the command prints; its errors go where ours go."""
    command = [sys.executable, "-c", "from search.cli import main; main()", *map(str, words)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def evaluated(task: Sequence[str | Path], systems: Sequence[str], recipes: Path) -> Means:
    """The means of `biocpt eval`."""
    for name in systems:
        (recipes / f"{name}.toml").write_text(SYSTEMS[name] + "\n", encoding="utf-8")
    named = ("--systems", ",".join(str(recipes / f"{name}.toml") for name in systems)) if systems else ()
    said = json.loads(biocpt("eval", *task, *named, "--json"))
    return {system["name"]: system["means"] for system in said["systems"]}


def indexed(collection: Collection, options: argparse.Namespace) -> Path:
    """The folder index of a collection; what is done already is not done again."""
    folder = commandline.data(options, collection.place) / collection.place
    index, articles = options.work / collection.place, folder / collection.articles
    if not collection.articles:
        articles = options.work / f"{collection.place}.jsonl"
        biocpt("eval", "corpus", folder, "--out", articles)
    biocpt("index", articles, "--index", index, "--model", options.model, "--precision", options.precision)
    return index


def asked(collection: Collection, options: argparse.Namespace, index: Path | str) -> list[str | Path]:
    """The words that name a task for `biocpt eval`."""
    place = Path(options.data) / collection.place
    words: list[str | Path] = [place, "--split", collection.split, "--index", index]
    return [*words, "--measures", " ".join(collection.measures), *(("--limit-topics", "50") if options.quick else ())]


def in_cluster(
    options: argparse.Namespace, index: Path, collection: Collection, bm25: str, systems: Sequence[str]
) -> Means:
    """The same through OpenSearch, in an index of its own that is removed after."""
    name, client = f"quality-{secrets.token_hex(4)}", OpenSearch(options.cluster)
    place = f"{options.cluster.rstrip('/')}/{name}"
    try:
        biocpt("copy", index, place, "--bm25", bm25)
        return evaluated(asked(collection, options, place), systems, options.work)
    finally:
        for made in client.indices.get(index=f"{name}-*", expand_wildcards="all"):
            client.indices.delete(index=made)


def claims_of(name: str, means: Means, collection: Collection) -> list[Claim]:
    """One claim a system that another tool was measured with, on the folder."""
    first = collection.measures[0]
    found = []
    for (where, system), (tool, figure, within) in ELSEWHERE.items():
        if where == name and system in means:
            ours, theirs = Spread.alone(round(means[system][first], 4)), Spread.alone(figure)
            claim = f"{name} {first}, {system}"
            found.append(Claim(claim=claim, ours=ours, beside=tool, theirs=theirs, bar=within, bar_on="distance"))
    return found


def beside(claim: str, ours: float, other: str, theirs: float) -> Claim:
    """A figure through OpenSearch, and what it is held to."""
    near, far = Spread.alone(round(ours, 4)), Spread.alone(round(theirs, 4))
    return Claim(claim=claim, ours=near, beside=other, theirs=far, bar=WITHIN, bar_on="distance")


def through_opensearch(options: argparse.Namespace, name: str, index: Path, folder: Means) -> tuple[list[Claim], Means]:
    """One collection in the cluster beside the folder's figures; SciFact with Anserini's BM25 too."""
    collection = COLLECTIONS[name]
    means = in_cluster(options, index, collection, "1.2,0.75", [one for one in ASKED if one in folder])
    first = collection.measures[0]
    claims = [
        beside(f"{name} {first}, {system}, in OpenSearch", means[system][first], "the folder", folder[system][first])
        for system in means
    ]
    if name == "SciFact test":
        tuned = in_cluster(options, index, collection, "0.9,0.4", list(ANSERINI))
        claims += [
            beside(f"{name} {first}, {system}, in OpenSearch, k1 .9, b .4", tuned[system][first], "Anserini", figure)
            for system, figure in ANSERINI.items()
        ]
    return claims, means


def version_of(cluster: str) -> str:
    return str(OpenSearch(cluster).info()["version"]["number"])


def table(title: str, rows: Mapping[str, Means]) -> Table:
    """All means: a row a collection and system, a column a measure."""
    measures = list(dict.fromkeys(measure for means in rows.values() for each in means.values() for measure in each))
    return Table(
        title=title,
        columns=("collection", "system", *measures),
        rows=tuple(
            (name, system, *(None if each.get(measure) is None else round(each[measure], 4) for measure in measures))
            for name, means in rows.items()
            for system, each in means.items()
        ),
    )


def measure(options: argparse.Namespace) -> Report:
    os.environ["BIOCPT_HOME"] = str(options.home)
    options.work.mkdir(parents=True, exist_ok=True)
    systems = [*ASKED, *(["late"] if options.late else [])]
    folder: dict[str, Means] = {}
    cluster: dict[str, Means] = {}
    claims: list[Claim] = []
    for name, collection in COLLECTIONS.items():
        index = indexed(collection, options)
        folder[name] = evaluated(asked(collection, options, index), systems, options.work)
        claims += claims_of(name, folder[name], collection)
        if options.cluster:
            more, cluster[name] = through_opensearch(options, name, index, folder[name])
            claims += more
    pairs = commandline.data(options, "biosses") / "biosses" / "biosses.tsv"
    folder["BIOSSES"] = evaluated([pairs, "--model", options.model], (), options.work)
    tables = [table("Means on the embedded engine", folder)]
    tables += [table(f"Means in OpenSearch {version_of(options.cluster)}", cluster)] if cluster else []
    return Report(
        name="quality",
        work={"model": options.model, "precision": options.precision, "topics": "50 each" if options.quick else "all"},
        claims=tuple(claims) if not options.quick else (),
        tables=tuple(tables),
        not_run={} if options.cluster else {"OpenSearch": "no --cluster was named"},
        notes=("PubMedQA: the conclusion is the question, the article it was taken from the answer, of 1,000.",),
        figures={"folder": folder, "cluster": cluster},
    )


def main() -> int:
    parser = commandline.parser(__doc__, rounds=1)
    parser.add_argument("--model", default="minilm")
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--cluster", help="an OpenSearch that asks nobody who they are")
    parser.add_argument("--late", action="store_true", help="re-rank by late interaction too")
    parser.add_argument("--work", type=Path, default=commandline.WORK / "quality")
    return commandline.run("quality", parser, measure)


if __name__ == "__main__":
    sys.exit(main())
