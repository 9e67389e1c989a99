"""Make the starter set's training data: what may be trained on, less all that is like what models are judged by.

    python starter/data.py --data FOLDER --out build/starter

README.md says what FOLDER holds, where it is public and under which licences. What comes out, and what was left out for
which reason, is printed and kept in `counts.json`.
"""

import argparse
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from indexer.article import Article
from search.evaluation import qrels, topics
from search.evaluation.task import Grades, Qrels
from search.training import own_structure
from search.training.excluding import Exclusions
from search.training.texts import articles
from starter.judged import SCIFACT, judged, pubmedqa, scifact

ROOT = Path(__file__).parents[1]
TOKENISED = ["ebm_nlp_tok"]
"""The sources of a record that is there as a row of tokens alone, which is no text to learn from."""

SEED = 2023
HELD_OUT = 2000
"""Articles that nothing is trained on, to find by their titles: half of them are asked for, for development or in the
end, and the others are to be told apart from them."""
DEVELOPMENT = 0.1
"""The share of SciFact's training claims that is for development."""


def main() -> int:
    """Parse, make, tell."""
    asked = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    data = os.environ.get("BIOCPT_DATA")
    asked.add_argument("--data", type=Path, default=data, required=not data, help="the folder of public collections")
    asked.add_argument("--articles", type=Path, nargs="+", help="PubMed articles, as `biocpt index` reads them")
    asked.add_argument("--out", type=Path, default=ROOT / "build" / "starter")
    asked.add_argument("--held-out", type=int, default=HELD_OUT, help=f"articles to ask for [default: {HELD_OUT}]")
    asked.add_argument(
        "--shared-evidence", action="store_true", help="keep training claims that test claims share their articles with"
    )
    options = asked.parse_args()
    there = [name for name in ("articles", "pairs") if (options.out / name).exists()]
    if there:
        asked.error(f"{options.out} has {there[0]!r} of an earlier run, which would be added to: remove it first")
    files = options.articles or [options.data / "pool" / "pubmed_pool.jsonl.gz"]
    counts = make(options.data, files, options.out, held_out=options.held_out, shared_evidence=options.shared_evidence)
    counts["pairs"] = prepared(options.out, () if options.shared_evidence else (options.out / "judged.jsonl",))
    (options.out / "counts.json").write_text(json.dumps(counts, indent=2) + "\n", encoding="utf-8")
    sys.stdout.write(json.dumps(counts, indent=2) + "\n")
    return 0


def make(
    data: Path, files: Iterable[Path], out: Path, *, held_out: int = HELD_OUT, shared_evidence: bool = False
) -> dict[str, Any]:
    """Write `judged.jsonl`, `articles.jsonl`, and the folders `titles` and `scifact`; returns what was counted.

    Args:
        data: the folder of public collections.
        files: PubMed articles.
        out: where to write.
        held_out: how many articles nothing is trained on.
        shared_evidence: keep SciFact's articles that claims of its test have in common with those for training.
    """
    out.mkdir(parents=True, exist_ok=True)
    tests = list(judged(data))
    write_articles(out / "judged.jsonl", tests)
    keep_out, removed = Exclusions(like=tests), Counter[str]()
    usable = [one for one in candidates(data, files, removed) if not excluded(one, keep_out, removed)]
    asked = sorted(usable, key=lambda one: drawn(one.id))[:held_out]
    ids, near, like_held = {one.id for one in asked}, Exclusions(like=asked), Counter[str]()
    train = [one for one in usable if one.id not in ids and not excluded(one, near, like_held)]
    write_articles(out / "articles.jsonl", train)
    return {
        "judged by": len(tests),
        "articles": {"to train on": len(train), "removed": dict(removed)},
        "titles": {**write_titles(out / "titles", asked), "near-duplicates removed": like_held.total()},
        "scifact": write_scifact(data / "scifact", out / "scifact", Exclusions() if shared_evidence else keep_out),
    }


def candidates(data: Path, files: Iterable[Path], removed: Counter[str]) -> Iterator[Article]:
    """PubMedQA's articles for training, then those of the files that have text, each id once."""
    seen = set()
    for article in (*pubmedqa(data / "pubmedqa", "train"), *(one for file in files for one in articles(file))):
        if not article.title.strip() or not article.abstract.strip():
            removed["without title or abstract"] += 1
        elif article.extra.get("sources") == TOKENISED:
            removed["tokenised"] += 1
        elif article.id in seen:
            removed["repeated"] += 1
        else:
            seen.add(article.id)
            yield article


def excluded(article: Article, exclusions: Exclusions, removed: Counter[str]) -> bool:
    """Whether it is kept out, which is counted with its reason."""
    why = exclusions.why(article.id, *article.passage)
    if why:
        removed[why] += 1
    return bool(why)


def drawn(id: str) -> bytes:
    """What ids are drawn by: always the same for an id, whatever else is there."""
    return blake2b(f"{SEED} {id}".encode(), digest_size=8).digest()


def write_titles(folder: Path, held: list[Article]) -> dict[str, int]:
    """A BEIR folder: abstracts to find by the titles of half of them, for development and in the end."""
    taken = {one.id: own_structure.title(one) for one in held}
    rows = {id: one for id, one in taken.items() if not isinstance(one, str)}
    half = len(rows) // 2
    ids = list(rows)[:half]
    parts = {"dev": ids[: half // 2], "test": ids[half // 2 :]}
    write_lines(folder / "corpus.jsonl", ({"_id": id, "title": "", "text": one.abstract} for id, one in rows.items()))
    write_lines(folder / "queries.jsonl", ({"_id": f"t{id}", "text": rows[id].query} for id in ids))
    for split, some in parts.items():
        write_qrels(folder / "qrels" / f"{split}.tsv", {f"t{id}": {id: 1} for id in some})
    return {"to find": len(rows), **{split: len(some) for split, some in parts.items()}}


def write_scifact(source: Path, folder: Path, keep_out: Exclusions) -> dict[str, int]:
    """A BEIR folder of SciFact's training claims, a tenth for development; test claims' articles are not in it."""
    every = list(scifact(source))
    kept = {one.id: one for one in every if not keep_out.why(one.id, *one.passage)}
    claims = {id: _found(grades, kept) for id, grades in qrels.read(source / "qrels" / "train.tsv").items()}
    answered = sorted((id for id, grades in claims.items() if grades), key=drawn)
    cut = int(DEVELOPMENT * len(answered))
    words = dict(topics.read(source / "queries.jsonl"))
    write_articles(folder / "corpus.jsonl", kept.values())
    write_lines(folder / "queries.jsonl", ({"_id": id, "text": words[id]} for id in answered))
    for split, some in (("dev", answered[:cut]), ("train", answered[cut:])):
        write_qrels(folder / "qrels" / f"{split}.tsv", {id: claims[id] for id in some})
    return {
        "articles": len(kept),
        "articles removed, as tests have them": len(every) - len(kept),
        "claims removed, as their articles were": len(claims) - len(answered),
        "dev": cut,
        "train": len(answered) - cut,
    }


def _found(grades: Grades, kept: dict[str, Article]) -> dict[str, int]:
    return {SCIFACT + id: grade for id, grade in grades.items() if SCIFACT + id in kept and grade > 0}


def prepared(out: Path, unlike: Iterable[Path] = ()) -> Any:
    """The dataset `pairs` for the retriever, by the commands that everyone has; returns what they count.

    Args:
        out: where `make` wrote.
        unlike: files of articles to keep out: once more, for nothing like them should be there.
    """
    biocpt("index", out / "articles.jsonl", "--index", out / "articles", "--model", "none")
    excluded_again = [word for file in unlike for word in ("--exclude-like", file)]
    return biocpt(
        *("train", "prepare", "--for", "retriever", "--out", out / "pairs", "--json"),
        *("--own", "titles", "--own", "conclusions", "--index", out / "articles"),
        *("--task", out / "scifact", "--split", "train", "--texts", out / "scifact" / "corpus.jsonl"),
        *excluded_again,
    )


def biocpt(*arguments: str | Path) -> Any:
    """What `biocpt` prints as JSON; None where it prints nothing. It ends here where the command fails."""
    line = [sys.executable, "-c", "from search.cli import main; main()", *map(str, arguments)]
    done = subprocess.run(line, stdout=subprocess.PIPE, text=True, check=True, cwd=ROOT)
    return json.loads(done.stdout) if done.stdout.startswith("{") else None


def write_articles(path: Path, found: Iterable[Article]) -> None:
    """As JSON lines that `biocpt index` reads."""
    write_lines(path, ({"_id": one.id, "title": one.title, "text": one.abstract} for one in found))


def write_lines(path: Path, rows: Iterable[dict[str, str]]) -> None:
    """A JSON object a line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def write_qrels(path: Path, judgements: Qrels) -> None:
    """BEIR's table."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [f"{topic}\t{id}\t{grade}\n" for topic, grades in judgements.items() for id, grade in grades.items()]
    path.write_text("\t".join(qrels.BEIR_HEADER) + "\n" + "".join(rows), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
