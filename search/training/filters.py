"""Which queries of a log are dropped: look-ups of one known thing, and for the re-ranker queries of keywords.

MedCPT's logs were cleaned of navigational queries (author, journal, title, id), and its re-ranker's of keyword queries:
single words, and queries that every clicked article contains verbatim. How the paper found look-ups is not told, so
these are rules of ours, which rest on what was clicked: `smith j` is an author where all clicked articles have one.
"""

import re
from collections.abc import Collection, Sequence

from search.training.likeness import words
from search.training.texts import Described

LEAST_TITLE_WORDS = 5
"""Shorter queries are questions about a subject, though an article may be called so: `asthma`."""
TITLE_SHARE = 0.8
"""The part of a title's words, in a row, that makes a query a look-up of it."""

_ID = re.compile(
    r"(?:pmid:?\s*)?\d{4,8}|pmc\d+|(?:doi:?\s*)?(?:https?://(?:dx\.)?doi\.org/)?10\.\d{4,9}/\S+|nct\d{8}", re.IGNORECASE
)
_ID_TAG = re.compile(r"\[(?:pmid|uid|aid|doi|lid|pii)\]", re.IGNORECASE)
_AUTHOR_TAG = re.compile(
    r"\[(?:au|auth|author|1au|lastau|fau|full author name|first author|author name)\b[^\]]*\]", re.I
)
_JOURNAL_TAG = re.compile(r"\[(?:ta|journal|jour|journal name)\]", re.IGNORECASE)
_TITLE_TAG = re.compile(r"\[(?:ti|title)\]", re.IGNORECASE)
_NUMBERS = re.compile(r"\b(?:19|20)?\d{1,4}\b")
_BETWEEN_NAMES = frozenset({"and", "et", "al"})


def navigational(query: str, clicked: Sequence[Described], journals: Collection[str] = ()) -> str:
    """What kind of look-up the query is: `id`, `author`, `journal` or `title` look-up; "" for none.

    Args:
        query: As it was typed.
        clicked: The articles that were chosen, as far as they are known.
        journals: Names of journals that nobody clicked on, as `words` joined by spaces.
    """
    if _is_id(query):
        return "id look-up"
    if _AUTHOR_TAG.search(query) or _are_authors(words(query), clicked):
        return "author look-up"
    if _JOURNAL_TAG.search(query) or _is_journal(query, clicked, journals):
        return "journal look-up"
    if _TITLE_TAG.search(query) or any(_is_title(words(query), words(one.title)) for one in clicked):
        return "title look-up"
    return ""


def keyword(query: str, clicked: Sequence[Described]) -> str:
    """Why the query teaches a re-ranker nothing that words alone do not; "" where it does."""
    if len(query.split()) == 1:
        return "single word"
    whole = " ".join(query.casefold().split())
    if clicked and all(whole in " ".join(f"{one.title} {one.abstract}".casefold().split()) for one in clicked):
        return "keywords that each clicked article contains"
    return ""


def _is_id(query: str) -> bool:
    if _ID_TAG.search(query):
        return True
    parts = [part for part in re.split(r"[\s,;]+", re.sub(r"(?i)(pmid|doi):\s*", r"\1:", query)) if part]
    return bool(parts) and all(_ID.fullmatch(part) for part in parts)


def _are_authors(asked: Sequence[str], clicked: Sequence[Described]) -> bool:
    """Whether the query is names alone, and each clicked article whose authors are known has them all."""
    names = [word for word in asked if word not in _BETWEEN_NAMES and not word.isdecimal()]
    known = [one for one in clicked if one.authors]
    return bool(names and known) and all(_has_authors(names, one) for one in known)


def _has_authors(names: Sequence[str], article: Described) -> bool:
    last, other = set[str](), set[str]()
    for family, given, initials in article.authors:
        last.update(words(family))
        other.update(words(given), words(initials), initials.casefold())
    return all(name in last or name in other for name in names) and any(name in last for name in names)


def _is_journal(query: str, clicked: Sequence[Described], journals: Collection[str]) -> bool:
    """Whether the query is a journal's name, with numbers perhaps, and what was clicked appeared in it."""
    asked = " ".join(words(_NUMBERS.sub(" ", query)))
    known = [{" ".join(words(name)) for name in one.journals} for one in clicked if one.journals]
    if known:
        return bool(asked) and all(asked in names for names in known)
    return asked in journals


def _is_title(asked: Sequence[str], title: Sequence[str]) -> bool:
    """Whether the query is the title, or the greater part of it in a row."""
    if len(asked) < max(LEAST_TITLE_WORDS, TITLE_SHARE * len(title)):
        return False
    return f" {' '.join(asked)} " in f" {' '.join(title)} "
