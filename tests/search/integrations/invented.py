"""Invented articles that differ in all that can be filtered by, an index of them, and a searcher over it."""

from pathlib import Path

from indexer.article import Article, Link, MeshHeading
from indexer.engines.location import AnyLocation
from search.indexing import LoadOptions, open_load

YEARS = (2012, 2015, None, 2019)
JOURNALS = ("J Sample Oncol", "J Sample Gen Med")
TYPES = (("Journal Article",), ("Journal Article", "Review"), ("Randomized Controlled Trial",))
MESH = (("Neoplasms",), ("Neoplasms", "Aspirin"), ("Aspirin",), ())
WORDS = ("statins", "aspirin", "insulin", "asthma", "stroke")


def article(at: int) -> Article:
    """The same for the same number; every sixth has no abstract, every seventh is retracted."""
    word, other = WORDS[at % 5], WORDS[(at + 1) % 5]
    return Article(
        id=str(100 + at),
        pmid=str(100 + at) if at % 2 else "",
        title=f"Effect of {word} on the risk of {other}, part {at}.",
        abstract="" if at % 6 == 5 else f"A clinical study of {word} in patients with {other}. Mortality was lower.",
        year=YEARS[at % 4],
        journal_abbreviation=JOURNALS[at % 2],
        publication_types=TYPES[at % 3],
        mesh=tuple(MeshHeading(name=name) for name in MESH[at % 4]),
        languages=("eng",) if at % 5 else ("eng", "fre"),
        links=(Link(type="RetractionIn"),) if at % 7 == 6 else (),
        extra={"ward": at},
    )


ARTICLES = {one.id: one for one in map(article, range(24))}


def make_index(home: Path, location: AnyLocation) -> None:
    """Make an index of all of them, with vectors of the tiny MedCPT in `home`."""
    writer, encoder = open_load(location, LoadOptions(home=home, model="medcpt"))
    assert encoder is not None
    articles = list(ARTICLES.values())
    vectors = encoder.encode([one.passage for one in articles])
    writer.write(articles, {one.id: vector for one, vector in zip(articles, vectors, strict=True)})
    writer.commit()
    writer.publish()
    writer.close()
