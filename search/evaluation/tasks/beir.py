"""A BEIR folder: `corpus.jsonl`, `queries.jsonl` and `qrels/<split>.tsv`, each plain or gzip (Thakur et al., 2021)."""

from pathlib import Path

from search.errors import BadTask
from search.evaluation import qrels, topics
from search.evaluation.task import Task
from search.evaluation.tasks.asked import Asked, judged, split_named, split_of
from search.evaluation.tasks.sources import source_of

LOOKS_LIKE = "a folder with queries.jsonl and qrels/<split>.tsv"


def recognises(asked: Asked) -> bool:
    """Whether the folder holds queries, and judgements lie in it or were given."""
    has_judgements = asked.qrels is not None or (asked.path / "qrels").is_dir()
    return has_judgements and _plain_or_gzip(asked.path, "queries.jsonl") is not None


def read(asked: Asked) -> Task:
    """The topics that the split judges, named `<folder>/<split>`.

    Raises:
        BadTask: no split was asked for and there are several, or the one asked for is not there; or queries lack.
        BadQrels, BadTopics: a file has a line that is wrong.
    """
    folder = asked.path
    queries = _plain_or_gzip(folder, "queries.jsonl")
    if queries is None:
        raise BadTask(f"Folder {str(folder)!r} has no queries.jsonl or queries.jsonl.gz.")
    file, split = (asked.qrels, asked.split) if asked.qrels else _split(folder, asked.split)
    judgements = qrels.read(file)
    collection = folder.resolve().name
    return Task(
        name=f"{collection}/{split}" if split else collection,
        topics=judged(topics.read(queries, part=asked.part), judgements, str(queries)),
        qrels=judgements,
        split=split_of(asked, file) if asked.qrels else split_named(split),
        source=source_of(collection),
        corpus=_plain_or_gzip(folder, "corpus.jsonl"),
    )


def _split(folder: Path, split: str) -> tuple[Path, str]:
    """The file of the split, and the split's name."""
    splits = {
        file.name.removesuffix(".gz").removesuffix(".tsv"): file
        for file in sorted((folder / "qrels").glob("*"))
        if file.name.endswith((".tsv", ".tsv.gz"))
    }
    if split in splits:
        return splits[split], split
    if not splits:
        raise BadTask(f"Folder {str(folder / 'qrels')!r} has no <split>.tsv or <split>.tsv.gz.")
    if split:
        raise BadTask(f"Folder {str(folder)!r} has no split {split!r}. It has {', '.join(splits)}.")
    if len(splits) > 1:
        raise BadTask(f"Folder {str(folder)!r} has the splits {', '.join(splits)}. Say which one, with --split.")
    ((only, file),) = splits.items()
    return file, only


def _plain_or_gzip(folder: Path, name: str) -> Path | None:
    return next((path for path in (folder / name, folder / f"{name}.gz") if path.is_file()), None)
