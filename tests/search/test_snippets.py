"""Snippets show the part of an abstract where the query's words are."""

from hypothesis import given
from hypothesis import strategies as st

from search.request import Snippet
from search.snippets import snippet

FILLER = " ".join(f"filler{at}" for at in range(100))


def marked(found: Snippet) -> list[str]:
    return [found.text[start:end] for start, end in found.matches]


def test_words_match_after_stemming_and_folding_and_are_marked_as_written() -> None:
    found = snippet("statin Sjögren", "Statins helped patients with Sjogren's syndrome.")
    assert marked(found) == ["Statins", "Sjogren"]
    assert found.text == "Statins helped patients with Sjogren's syndrome."


def test_the_window_with_the_most_different_words_is_shown() -> None:
    text = f"Statins statins statins. {FILLER} Breast cancer survival with statins. {FILLER}"
    found = snippet("statins and breast cancer survival", text, words_shown=12)
    assert marked(found) == ["Breast", "cancer", "survival", "statins"]
    assert found.text.startswith("… ")
    assert found.text.endswith(" …")


def test_the_beginning_is_shown_where_nothing_matches() -> None:
    found = snippet("zebrafish", f"First words. {FILLER}", words_shown=3)
    assert found == Snippet("First words. filler0 …")


def test_no_text_is_an_empty_snippet() -> None:
    assert snippet("anything", "") == Snippet("")


def test_stop_words_are_not_marked() -> None:
    assert marked(snippet("the and of", "The end of the story and more.")) == []


@given(st.text(max_size=300), st.text(max_size=2_000), st.integers(1, 50))
def test_spans_lie_inside_the_text_in_order(query: str, text: str, shown: int) -> None:
    found = snippet(query, text, words_shown=shown)
    ends = [0, *(place for span in found.matches for place in span)]
    assert ends == sorted(ends)
    assert all(0 <= start < end <= len(found.text) for start, end in found.matches)
    body = found.text.removeprefix("… ").removesuffix(" …")
    assert body in text
