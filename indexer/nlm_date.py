"""The date that NLM last touched an article, as one number that sorts: how up to date an index is."""

import re

from indexer.article import Article

_DATE = re.compile(r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?")


def newest_day(article: Article) -> int | None:
    """The newest NLM date (revised, else completed, else entered) as yyyymmdd, with 00 for what is not known."""
    found = _DATE.match(article.revised_date or article.completed_date or article.entrez_date)
    return None if found is None else int("".join(part or "00" for part in found.groups()))


def iso_date(day: int) -> str:
    """`2015-06-22` for 20150622, `2015-06` for 20150600."""
    digits = f"{day:08d}"
    parts = [digits[:4], digits[4:6], digits[6:]]
    return "-".join(part for part in parts if part != "00")
