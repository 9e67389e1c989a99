"""The card of a trained model set: README.md, with the head that Hugging Face's hub reads.

`write` is called once at the end of each training, with all that it has to tell; a set whose encoders and re-ranker
were trained one after the other has one card that tells both.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from onnx_models import set_file
from onnx_models.storage import storing
from onnx_models.training.errors import BadRecord

FILE = "README.md"
FALLBACK = "MODEL_CARD.md"
"""Where a README.md lies already that somebody wrote."""
RECORD = "record.json"

_MARK = "<!-- Written by `biocpt train`; it is written anew after each training. -->"
_PARTS = {"retriever": "Retriever", "reranker": "Re-ranker", "late": "Late interaction"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Data:
    """What was learnt from."""

    name: str
    examples: int
    fingerprint: str
    licence: str = "not stated"
    """As whoever trained gave it: of all texts and judgements in it."""
    counts: Mapping[str, Any] = field(default_factory=dict)
    """What came of each source and filter, as the dataset notes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A measurement on data held out."""

    task: str
    measure: str
    after: float
    before: float | None = None
    """Of the weights that it started from; None: not measured, or without meaning, as of a new head."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRecord:
    """All that one training has to tell."""

    part: str
    """`retriever`, `reranker` or `late`: its folder under training/."""
    objective: str
    """What was learnt, in a sentence or two."""
    started_from: tuple[str, ...]
    """Hub names of the models that the weights come from, or notes of where they come from."""
    data: tuple[Data, ...]
    settings: Mapping[str, Any]
    steps: int
    results: tuple[Result, ...] = ()
    licence: str = "other"
    """Of the weights, as the hub names it (`apache-2.0`); `other`: not stated."""
    tools: Mapping[str, str] = field(default_factory=dict)
    """Library → version."""


def write(folder: Path, record: TrainingRecord) -> Path:
    """Note a training in a set's folder and write its card anew; returns the card's file.

    Raises:
        StorageFailed: the disk is full.
        BadRecord: what another training noted there cannot be read.
    """
    with storing(folder):
        place = folder / "training" / record.part
        place.mkdir(parents=True, exist_ok=True)
        (place / RECORD).write_text(json.dumps(asdict(record), indent=2, default=str) + "\n", encoding="utf-8")
    records = _records(folder)
    readme = folder / FILE
    ours = not readme.is_file() or _MARK in readme.read_text(encoding="utf-8", errors="replace")
    card = readme if ours else folder / FALLBACK
    with storing(folder):
        card.write_text(text(set_file.read(folder).name, records), encoding="utf-8")
    return card


def text(name: str, records: Sequence[TrainingRecord]) -> str:
    """The whole card of a set, with the trainings in this order."""
    lines = [*_front_matter(records), _MARK, "", f"# {name}", ""]
    lines += ["A model set of biocpt-search for biomedical literature.", ""]
    for record in records:
        lines += [*_training(record), ""]
    lines += [
        "## Use",
        "",
        "    biocpt models export FOLDER",
        "    biocpt index FILES --index INDEX --model FOLDER",
        "",
    ]
    return "\n".join(lines)


def _front_matter(records: Sequence[TrainingRecord]) -> Iterator[str]:
    """YAML; texts are quoted as JSON, which YAML reads."""
    licences = {record.licence for record in records}
    tags = ["biomedical", "information-retrieval", *sorted({record.part for record in records})]
    metrics = sorted({result.measure for record in records for result in record.results})
    datasets = dict.fromkeys(data.name for record in records for data in record.data)
    yield "---"
    yield f"license: {licences.pop() if len(licences) == 1 else 'other'}"
    yield from _listed("language", ["en"])
    yield from _listed("base_model", [name for name in _started_from(records) if _is_on_hub(name)])
    yield from _listed("datasets", datasets)
    yield from _listed("tags", tags)
    yield from _listed("metrics", metrics)
    yield "---"


def _listed(key: str, values: Any) -> Iterator[str]:
    texts = list(values)
    if texts:
        yield f"{key}:"
        yield from (f"- {json.dumps(value, ensure_ascii=False)}" for value in texts)


def _started_from(records: Sequence[TrainingRecord]) -> list[str]:
    return list(dict.fromkeys(name for record in records for name in record.started_from))


def _is_on_hub(name: str) -> bool:
    """Whether it has the form of a hub's name, OWNER/MODEL, and is no folder of the set."""
    return name.count("/") == 1 and not name.startswith((".", "/", f"{set_file.SOURCE}/"))


def _training(record: TrainingRecord) -> Iterator[str]:
    yield f"## {_PARTS.get(record.part, record.part)}"
    yield ""
    yield record.objective
    yield f"It started from {', '.join(f'`{name}`' for name in record.started_from)} and took {record.steps:,} steps."
    yield ""
    yield "### Data"
    yield ""
    for data in record.data:
        known_by = f"fingerprint `{data.fingerprint[:16]}`"
        yield f"- {data.name}: {data.examples:,} examples; licence: {data.licence}; {known_by}."
        yield from _counted(data.counts)
    yield ""
    yield from _results(record.results)
    yield "### Settings"
    yield ""
    yield from _chosen(record.settings)
    if record.tools:
        yield f"- made with {', '.join(f'{name} {number}' for name, number in record.tools.items())}"


def _results(results: Sequence[Result]) -> Iterator[str]:
    if not results:
        yield from ("Nothing was measured: no data was held out.", "")
        return
    yield from ("### Results", "", "| data held out | measure | before | after |", "|---|---|---|---|")
    for result in results:
        before = "–" if result.before is None else f"{result.before:.4f}"
        yield f"| {_cell(result.task)} | {_cell(result.measure)} | {before} | {result.after:.4f} |"
    yield ""


def _cell(value: str) -> str:
    return value.replace("|", "\\|")


def _counted(counts: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """Lines with the whole numbers among them, each with the names of what it lies in; settings and places are left."""
    for name, value in counts.items():
        if isinstance(value, Mapping) and name != "settings":
            yield from _counted(value, f"{path}{name}, ")
        elif isinstance(value, int) and not isinstance(value, bool):
            yield f"  - {path}{name}: {value:,}"


def _chosen(settings: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """A line a setting that was made, as JSON has it."""
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield from _chosen(value, f"{path}{name}.")
        elif value is not None:
            yield f"- {path}{name}: `{json.dumps(value, ensure_ascii=False, default=str)}`"


def _records(folder: Path) -> list[TrainingRecord]:
    """What every training in the folder noted, by its part."""
    return [_read(path) for path in sorted((folder / "training").glob(f"*/{RECORD}"), reverse=True)]


def _read(path: Path) -> TrainingRecord:
    try:
        noted = json.loads(path.read_text(encoding="utf-8"))
        data = tuple(Data(**item) for item in noted.pop("data"))
        results = tuple(Result(**item) for item in noted.pop("results"))
        return TrainingRecord(**noted | {"started_from": tuple(noted["started_from"])}, data=data, results=results)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise BadRecord(path=path, problem=str(error)) from error
