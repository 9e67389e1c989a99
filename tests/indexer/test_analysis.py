import pytest

from indexer.analysis import placed_terms, searchable, terms


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The effect of statins", ["effect", "statin"]),
        ("IL-2", ["il", "2"]),
        ("5-HT2A", ["5", "ht2a"]),
        ("Sjögren's syndrome", ["sjogren", "syndrom"]),
        ("Alzheimer’s disease", ["alzheim", "diseas"]),
        ("S. aureus", ["s", "aureus"]),
        ("Ca²⁺", ["ca2"]),
        ("studies, studying; studied", ["studi", "studi", "studi"]),
        ("", []),
        ("the of and", []),
    ],
)
def test_words_become_english_terms(text: str, expected: list[str]) -> None:
    """Stems by hand from the Snowball English algorithm's published rules."""
    assert terms(text) == expected


@pytest.mark.parametrize(
    ("symbol", "name"), [("TNF-α", "TNF-alpha"), ("TGFβ1", "TGFbeta1"), ("αβ T cells", "alphabeta T cells")]
)
def test_greek_symbols_are_found_by_their_names(symbol: str, name: str) -> None:
    assert terms(symbol) == terms(name)


def test_greek_words_stay_greek() -> None:
    assert searchable("Ελλάδα") == "Ελλάδα"


def test_letters_and_their_combined_forms_are_one() -> None:
    assert terms("Sjo\u0308gren") == terms("Sjögren") == ["sjogren"]


def test_a_number_is_one_word() -> None:
    assert terms("0.05") != terms("0 05")
    assert len(terms("p<0.05, 1,25-dihydroxyvitamin 1,000.5")) == 5
    assert terms("end.5 begins") == ["end", "5", "begin"]


def test_places_count_stop_words() -> None:
    assert placed_terms("cancer of the breast") == [(0, "cancer"), (3, "breast")]


def test_overlong_runs_are_no_words() -> None:
    assert terms("a" * 300 + " heart") == ["heart"]
