"""Writes small PubMed XML files for tests, with names that carry NLM's numbers or not."""

import gzip
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape


@dataclass(frozen=True)
class Entry:
    """One article of a file."""

    pmid: str
    title: str = "A title."
    abstract: str = "An abstract."
    version: int = 1
    year: int = 2020


def citation(entry: Entry) -> str:
    """The article as PubMed would give it, with as few elements as it can have."""
    abstract = f"<Abstract><AbstractText>{escape(entry.abstract)}</AbstractText></Abstract>" if entry.abstract else ""
    return f"""<PubmedArticle><MedlineCitation Status="MEDLINE" Owner="NLM">
<PMID Version="{entry.version}">{entry.pmid}</PMID>
<Article PubModel="Print"><Journal><JournalIssue><PubDate><Year>{entry.year}</Year></PubDate></JournalIssue>
<Title>The journal of tests</Title></Journal><ArticleTitle>{escape(entry.title)}</ArticleTitle>{abstract}
<Language>eng</Language></Article></MedlineCitation></PubmedArticle>
"""


def document(entries: Sequence[Entry], deleted: Sequence[tuple[str, int]] = ()) -> str:
    """A whole file: articles, then the deleted (PMID, version)."""
    gone = "".join(f'<PMID Version="{version}">{pmid}</PMID>' for pmid, version in deleted)
    gone = f"<DeleteCitation>{gone}</DeleteCitation>" if gone else ""
    body = "".join(map(citation, entries))
    return f'<?xml version="1.0" encoding="utf-8"?>\n<PubmedArticleSet>{body}{gone}</PubmedArticleSet>\n'


def write(path: Path, entries: Sequence[Entry], deleted: Sequence[tuple[str, int]] = ()) -> Path:
    """Write a file, gzipped where its name says so; the same input gives the same bytes."""
    data = document(entries, deleted).encode()
    path.write_bytes(gzip.compress(data, mtime=0) if path.suffix == ".gz" else data)
    return path
