"""The terms that servers make of text are those of `indexer.analysis`."""

import gzip
import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer.analysis import searchable, terms
from indexer.engines.opensearch.contents.analysis import ENGLISH, analysis
from tests.opensearch.server import Server

Terms = Callable[[str], list[str]]

LETTERS = "abcdeinorstuyzABXYZÉéßøñçœæŁłıſK"
GREEK = "αβγΔΩμµςλάέϐϑϕϖ"
DIGITS = "0123456789²³₂₃½¼Ⅱ①ªº"
SIGNS = " .,;:-_/'’\"()[]+*=<>%&#@|~`^!?¿·…–—′″°±×÷≤≥→⁺⁻℃™®�😀"
BLANKS = "\t\n\x0b\x85\xa0\xad\u2009\u200b\u2028\u202f\u3000\ufeff"
OTHERS = "癌症研究がんカ한글жЯאבسلʼˑᵃ𝛼𝜷𝐱"
WORDS = [
    "patient's", "cells'", "p<0.05", "1,250.5", "TNF-α", "IL-1β", "β-blockers", "Sjögren’s", "10⁻³", "CO₂", "Ca²⁺",
    "generalization", "organisms", "dermatologists", "university", "adding", "don't", "THE", "it's", "U.S.A.",
    "3.14.15", "a_b", "ΔF508", "αβ", "αβγ", "λόγος", "5'-UTR", "n.s.", ".5", "5.", "e\u0301tude", "µg/mL", "ﬁn", "Ⅳ",
]  # fmt: skip
TEXTS = st.lists(st.sampled_from([*LETTERS, *GREEK, *DIGITS, *SIGNS, *BLANKS, *OTHERS, *WORDS, " ", " "]), max_size=30)


@pytest.fixture(scope="module")
def server_terms(node: Server) -> Iterator[Terms]:
    """What the server makes of a text."""
    index = f"test-analysis-{random.SystemRandom().getrandbits(48):x}"
    node.ask("PUT", f"/{index}", {"settings": {"index": {"number_of_replicas": 0, "analysis": analysis()}}})

    def ask(text: str) -> list[str]:
        said = node.ask("POST", f"/{index}/_analyze", {"analyzer": ENGLISH, "text": text})
        return [token["token"] for token in said["tokens"]]

    yield ask
    node.ask("DELETE", f"/{index}")


@pytest.mark.slow
@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(parts=TEXTS)
def test_any_text_gives_the_same_terms(server_terms: Terms, parts: list[str]) -> None:
    text = "".join(parts)
    assert server_terms(text) == terms(text)


@pytest.mark.slow
@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(parts=TEXTS)
def test_a_text_spelled_out_already_gives_the_same_terms(server_terms: Terms, parts: list[str]) -> None:
    """Questions are sent as `searchable` spells them."""
    text = "".join(parts)
    assert server_terms(searchable(text)) == terms(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The β-blockers' effect on a patient's IL-1β", ["beta", "blocker", "effect", "patient", "il", "1beta"]),
        ("p < 0.05, n = 1,250", ["p", "0ˑ05", "n", "1ˑ250"]),
        ("Naïve CD4⁺ cells in H₂O", ["naiv", "cd4", "cell", "h2o"]),
        ("ﬁbrosis, 5 µg", ["fibrosi", "5", "mug"]),
        ("universities added organisms for dermatologists", ["universiti", "add", "organism", "dermatolog"]),
        ("soft\xadhyphen and no-break\xa0space", ["soft", "hyphen", "break", "space"]),
        ("A" * 254 + " " + "C" * 255, ["a" * 254]),
    ],
)
def test_terms_are_what_a_reader_expects(server_terms: Terms, text: str, expected: list[str]) -> None:
    assert server_terms(text) == expected


KNOWN_TO_DIFFER = {
    "и\u0306": "marks that compose with a letter of another script",
    "ﾀﾞ": "half-width katakana",
    "İ": "the dotted capital I",
    "ำ": "Thai sara am",
    "\ue123": "private use",
}
"""What a cluster without the ICU plugin reads otherwise, each with its reason; docs/opensearch.md says so."""


@pytest.mark.parametrize("text", KNOWN_TO_DIFFER, ids=KNOWN_TO_DIFFER.values())
def test_what_is_known_to_differ_still_does(server_terms: Terms, text: str) -> None:
    assert server_terms(f"a{text}b") != terms(f"a{text}b")


@pytest.mark.slow
@pytest.mark.parametrize("corpus", ["scifact", "nfcorpus"])
def test_real_abstracts_give_the_same_terms(server_terms: Terms, corpus: str) -> None:
    if "BIOCPT_DATA" not in os.environ:
        pytest.skip("BIOCPT_DATA does not name the folder of real articles")
    with gzip.open(Path(os.environ["BIOCPT_DATA"]) / corpus / "corpus.jsonl.gz") as lines:
        rows = [orjson.loads(line) for line in lines]
    texts = [f"{row['title']} | {row['text']}" for row in random.Random(1).sample(rows, 1_000)]
    same = sum(server_terms(text) == terms(text) for text in texts)
    assert same / len(texts) >= 0.999
