from indexer.article import Article, Chemical, Link, MeshHeading, OtherAbstract
from indexer.fields import FIELD, FIELDS

ARTICLE = Article(
    id="7",
    title="Ice",
    vernacular_title="Is",
    abstract="Cold.",
    other_abstracts=(OtherAbstract(text="Kald."),),
    mesh=(MeshHeading(name="Ice Cover"),),
    chemicals=(Chemical(name="Water"),),
    keywords=("snow",),
    journal="Annals of glaciology",
    journal_abbreviation="Ann. Glaciol.",
    journal_nlm="Ann Glaciol",
    publication_types=("Review",),
    languages=("eng",),
    links=(Link(type="RetractionIn"), Link(type="ExpressionOfConcernIn")),
    year=2020,
)


def values(name: str, article: Article = ARTICLE) -> list[str | int]:
    return list(FIELD[name].values(article))


def test_texts_of_an_article() -> None:
    assert values("title") == ["Ice", "Is"]
    assert values("abstract") == ["Cold.", "Kald."]
    assert values("mesh_text") == ["Ice Cover", "Water"]
    assert values("keyword_text") == ["snow"]


def test_a_journal_is_found_by_each_of_its_names_with_or_without_points() -> None:
    assert values("journal") == ["Annals of glaciology", "Ann. Glaciol.", "Ann Glaciol"]


def test_keywords_and_numbers() -> None:
    assert (values("type"), values("mesh"), values("language")) == (["Review"], ["Ice Cover"], ["eng"])
    assert (values("id"), values("year")) == (["7"], [2020])
    assert values("year", Article(id="7")) == []


def test_flags_tell_what_filters_ask_for() -> None:
    assert values("flag") == ["abstract", "retracted", "concern"]
    notice = Article(id="8", publication_types=("Retraction of Publication",))
    assert values("flag", notice) == ["retraction_notice"]


def test_only_texts_are_matched_and_titles_count_double() -> None:
    assert {field.name: field.boost for field in FIELDS if field.boost} == {
        "title_abstract": 1.0,
        "mesh_text": 0.5,
        "keyword_text": 0.5,
    }
    assert all(field.kind == "text" for field in FIELDS if field.boost)
    twice = Article(id="1", title="Heart", vernacular_title="Herz", abstract="Lung")
    assert values("title_abstract", twice) == ["Heart", "Heart", "Herz", "Lung"]
