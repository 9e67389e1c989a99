"""Records as tantivy documents: the schema, writing one, reading it back, and the note that each commit leaves.

tantivy 0.27 deletes by term silently do nothing on `unsigned` fields, so numbers are `integer` and ids are raw text.
"""

import secrets
import shutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson
import tantivy

from indexer.analysis import english, searchable, sound
from indexer.article import Article, Deletion, text_digest
from indexer.article_json import from_json, record_digest, to_json
from indexer.engines.protocol import Stored
from indexer.errors import OtherFields
from indexer.fields import FIELDS
from indexer.nlm_date import newest_day

KEY, STATE, SLOT, DATE, HEAD, BODY = "_key", "_state", "_slot", "_date", "_head", "_body"
"""Our own fields: the exact id; article, deleted or commit; the number of the record's vector; the NLM date as
yyyymmdd; what `Stored` needs; the record itself."""

ARTICLE, DELETED, COMMIT = "article", "deleted", "commit"


@dataclass(frozen=True, slots=True)
class Note:
    """What a commit notes beside its records: the version of the vectors that belongs to it, and the next slot."""

    version: int = 0
    """Of the vectors, in Lance; 0 where nothing has had one."""
    vectors: int = 0
    """How many there are in that version."""
    trained: int = 0
    """How many there were when their index was built; 0 for no index."""
    next_slot: int = 0
    arrival: int = 0
    """The highest number of an unnumbered file of which a record was ever written: the ledger may get lost."""


@dataclass(frozen=True, slots=True)
class Head:
    """What is stored under an id, and the slot of its record. Each write takes a new slot, unless the vector stays."""

    stored: Stored
    slot: int


def schema() -> tantivy.Schema:
    """Our own fields, and those of `indexer.fields`."""
    builder = tantivy.SchemaBuilder()
    builder.add_text_field(KEY, stored=True, fast=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field(STATE, tokenizer_name="raw", index_option="basic")
    builder.add_integer_field(SLOT, indexed=True, fast=True)
    builder.add_integer_field(DATE, fast=True)
    builder.add_bytes_field(HEAD, stored=True)
    builder.add_bytes_field(BODY, stored=True)
    for field in FIELDS:
        match field.kind:
            case "text":
                places = "freq" if field.boost else "position"  # matched for their words, or for phrases
                builder.add_text_field(field.name, tokenizer_name="english", index_option=places)
            case "keyword":
                builder.add_text_field(field.name, tokenizer_name="raw", index_option="basic")
            case "number":
                builder.add_integer_field(field.name, indexed=True, fast=True)
    return builder.build()


def open_text(folder: Path, location: Path | None = None) -> tantivy.Index:
    """The text index in `folder` of the index at `location` (the folder above), with our analyzer; it looks for commits
    when told to.

    Raises: OtherFields, where its fields are not those of `schema`: questions would find too little, or fail.
    """
    index = tantivy.Index.open(str(folder))
    if index.schema != schema():
        raise OtherFields(location=location or folder.parent)
    index.register_tokenizer("english", english())
    index.config_reader(reload_policy="manual")
    return index


def make_text(folder: Path) -> None:
    """Make an empty text index, whole or not at all; one that another process has made meanwhile stays."""
    new = folder.with_name(f"{folder.name}.new.{secrets.token_hex(4)}")
    new.mkdir()
    tantivy.Index(schema(), str(new))
    if folder.is_dir() and all(child.name.startswith(".") for child in folder.iterdir()):
        shutil.rmtree(folder)  # the rest of a creation that was cut short: nothing was ever stored in it
    try:
        new.rename(folder)
    except OSError:
        shutil.rmtree(new)
        if not (folder / "meta.json").is_file():
            raise


def head_of(record: Article | Deletion, slot: int, has_vector: bool) -> Head:
    """What will be stored beside the record."""
    deleted = isinstance(record, Deletion)
    digest = text_digest(record) if isinstance(record, Article) else ""
    return Head(Stored(record.order, deleted, digest, record_digest(record), has_vector), slot)


def document(record: Article | Deletion, head: Head) -> tantivy.Document:
    """The record as it is indexed and stored; a tombstone has nothing to be found by."""
    found = tantivy.Document()
    found.add_text(KEY, record.id)
    found.add_text(STATE, DELETED if head.stored.deleted else ARTICLE)
    found.add_integer(SLOT, head.slot)
    found.add_bytes(HEAD, orjson.dumps([asdict(head.stored), head.slot]))
    if isinstance(record, Deletion):
        found.add_bytes(BODY, orjson.dumps(record))
        return found
    found.add_bytes(BODY, to_json(record))
    date = newest_day(record)
    if date is not None:
        found.add_integer(DATE, date)
    _add_fields(found, record)
    return found


def _add_fields(found: tantivy.Document, article: Article) -> None:
    """Texts stand in several fields, and are spelled out once."""
    spelled: dict[str, str] = {}
    for field in FIELDS:
        for value in field.values(article):
            if isinstance(value, int):
                found.add_integer(field.name, value)
            elif value and field.kind == "text":
                if value not in spelled:
                    spelled[value] = searchable(value)
                found.add_text(field.name, spelled[value])
            elif value:
                found.add_text(field.name, value.casefold())


def read_head(found: tantivy.Document) -> Head:
    """The head of a stored document.

    Raises: ValueError, where it is damaged.
    """
    try:
        stored, slot = orjson.loads(found.get_first(HEAD))
        return Head(Stored(**stored), slot)
    except (TypeError, ValueError) as error:
        raise ValueError(f"what is stored of {found.get_first(KEY)!r} is damaged ({error})") from error


def read_record(found: tantivy.Document, head: Head) -> Article | Deletion:
    """The record of a stored document.

    Raises: ValueError, where it is damaged.
    """
    body = found.get_first(BODY)
    try:
        return Deletion(**orjson.loads(body)) if head.stored.deleted else from_json(body)
    except (TypeError, ValueError, AttributeError) as error:
        raise ValueError(f"the record of {found.get_first(KEY)!r} is damaged ({error})") from error


def note_document(note: Note) -> tantivy.Document:
    """The one document that stands for a commit; it has no id, so no record can be mistaken for it."""
    found = tantivy.Document()
    found.add_text(STATE, COMMIT)
    found.add_bytes(HEAD, orjson.dumps(asdict(note)))
    return found


def read_note(searcher: tantivy.Searcher, text: tantivy.Schema) -> Note:
    """The note of the commit that `searcher` sees; an empty one before the first.

    Raises: ValueError, where it is gone or cannot be read.
    """
    hits = searcher.search(state(text, COMMIT), 1, count=False).hits
    if not hits and searcher.num_docs:
        raise ValueError("the note of its last commit is gone")
    try:
        return Note(**orjson.loads(searcher.doc(hits[0][1]).get_first(HEAD))) if hits else Note()
    except TypeError as error:
        raise ValueError(f"the note of its last commit is damaged ({error})") from error


def state(text: tantivy.Schema, *states: str) -> tantivy.Query:
    """The documents in any of these states."""
    return tantivy.Query.term_set_query(text, STATE, list(states))


def find(searcher: tantivy.Searcher, text: tantivy.Schema, ids: Iterable[str]) -> dict[str, tantivy.Document]:
    """The documents of these ids; unknown ones are absent."""
    wanted = [id for id in dict.fromkeys(ids) if sound(id) == id]
    if not wanted:
        return {}
    query = tantivy.Query.term_set_query(text, KEY, wanted)
    hits = searcher.search(query, len(wanted), count=False).hits
    documents = (searcher.doc(address) for _, address in hits)
    return {found.get_first(KEY): found for found in documents}
