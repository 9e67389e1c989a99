"""One stored record as text for people."""

import textwrap

from indexer.article import Article, MeshHeading
from search import display

WIDTH = 100


def as_text(article: Article) -> str:
    """Title, authors, where and when, ids, abstract, then what it is filed under; empty parts are left out."""
    marks = "".join(f" [{flag.upper()}]" for flag in display.flags(article))
    lines = [_wrap((article.title or "(no title)") + marks)]
    for name, value in _facts(article).items():
        if value:
            lines.append(_wrap(f"{name}: {value}", hang="  "))
    if article.abstract:
        parts = [f"{part.label}: {part.text}" if part.label else part.text for part in article.sections]
        lines += ["", *(_wrap(part) for part in parts or [article.abstract])]
    return "\n".join(lines)


def _facts(article: Article) -> dict[str, str]:
    return {
        "Authors": display.short_authors(article, shown=50),
        "Published": _published(article),
        "Id": article.id,
        "PMID": article.pmid if article.pmid != article.id else "",
        "DOI": article.doi,
        "PMC": article.pmc,
        "Types": "; ".join(article.publication_types),
        "Language": ", ".join(article.languages),
        "MeSH": "; ".join(_heading(heading) for heading in article.mesh),
        "Keywords": "; ".join(article.keywords),
        "Links": "; ".join(" ".join((link.type, link.pmid or link.source)) for link in article.links),
        "Source": article.source,
    }


def _published(article: Article) -> str:
    date = article.date_text or "-".join(f"{part:02}" for part in (article.year, article.month, article.day) if part)
    issue = article.volume + (f"({article.issue})" if article.issue else "")
    place = ":".join(part for part in (issue, article.pages) if part)
    return ", ".join(part for part in (display.short_journal(article), date, place) if part)


def _heading(heading: MeshHeading) -> str:
    """NLM's way: `Aspirin/adverse effects*`, a star for a major topic."""
    parts = [f"/{qualifier.name}{'*' if qualifier.major else ''}" for qualifier in heading.qualifiers]
    return heading.name + ("*" if heading.major else "") + "".join(parts)


def _wrap(text: str, hang: str = "") -> str:
    text = display.printable(text)
    return textwrap.fill(text, WIDTH, subsequent_indent=hang, break_long_words=False, break_on_hyphens=False)
