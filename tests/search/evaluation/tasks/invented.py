"""Small collections about invented things, one in each format."""

from pathlib import Path

import orjson

from search.evaluation.task import AnyTask, SentencePairs, Task


def as_task(task: AnyTask) -> Task:
    """The same, known to be one with topics."""
    assert isinstance(task, Task)
    return task


def as_pairs(task: AnyTask) -> SentencePairs:
    """The same, known to be one of sentences."""
    assert isinstance(task, SentencePairs)
    return task


def a_beir_folder(tmp_path: Path, splits: tuple[str, ...] = ("test", "train")) -> Path:
    folder = tmp_path / "beir"
    (folder / "qrels").mkdir(parents=True)
    (folder / "corpus.jsonl").write_text('{"_id": "d1", "title": "Snails", "text": "Slow."}\n')
    topics = [{"_id": str(number), "text": f"snail {number}"} for number in (1, 2, 3)]
    (folder / "queries.jsonl").write_bytes(b"".join(orjson.dumps(topic) + b"\n" for topic in topics))
    for split in splits:
        topic = {"test": "2", "train": "1"}.get(split, "3")
        (folder / "qrels" / f"{split}.tsv").write_text(f"query-id\tcorpus-id\tscore\n{topic}\td1\t1\n")
    return folder


def trec_files(tmp_path: Path) -> tuple[Path, Path]:
    topics, qrels = tmp_path / "topics.txt", tmp_path / "judged.txt"
    topics.write_text(
        "<top><num> Number: 1 <title> slow snails <desc> Description: How slow? </top>\n"
        "<top><num> Number: 2 <title> fast snails <desc> Description: How fast? </top>\n"
    )
    qrels.write_text("2 0 d1 2\n2 0 d2 0\n")
    return topics, qrels


def json_file(path: Path, value: object) -> Path:
    path.write_bytes(orjson.dumps(value))
    return path


def a_bioasq_file(tmp_path: Path) -> Path:
    questions = [
        {
            "id": "5a1",
            "type": "factoid",
            "body": " Do snails sleep?\n",
            "documents": [
                "http://www.ncbi.nlm.nih.gov/pubmed/90000001",
                "https://pubmed.ncbi.nlm.nih.gov/90000002/",
                "http://www.ncbi.nlm.nih.gov/pubmed/90000001",
                "90000003",
            ],
            "snippets": [{"text": "They do.", "document": "http://www.ncbi.nlm.nih.gov/pubmed/90000009"}],
        },
        {"id": "5a2", "body": "Do snails dream?", "documents": []},
    ]
    return json_file(tmp_path / "bioasq_training.json", {"questions": questions})


def a_relish_table(tmp_path: Path) -> Path:
    path = tmp_path / "pairs.tsv"
    path.write_text("90000001\t90000002\t2\n90000001\t90000003\t0\n90000004\t90000002\t1\n90000001\t90000002\t2\n")
    return path


def a_sentence_table(tmp_path: Path) -> Path:
    path = tmp_path / "alike.tsv"
    path.write_text('id\tsentence1\tsentence2\tA\tmean\n1\tA "snail".\tOne snail.\t4\t3.5\n2\tA snail.\tA car.\t0\t0\n')
    return path


def a_pubmedqa_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "pubmedqa"
    folder.mkdir()
    entry = {
        "QUESTION": "Are snails slow?",
        "CONTEXTS": ["Snails were timed.", "They were slow."],
        "LABELS": ["AIMS", "RESULTS"],
        "LONG_ANSWER": "Snails can be called slow.",
        "final_decision": "yes",
    }
    json_file(folder / "ori_pqal.json", dict.fromkeys(("1", "2", "3"), entry))
    json_file(folder / "test_ground_truth.json", {"3": "yes", "1": "no"})
    return folder
