"""How text becomes search terms, for articles and questions alike: English, with Greek letters by their names."""

import re
import unicodedata
from functools import cache

import tantivy

_GREEK = {
    letter: unicodedata.name(letter).split()[-1].lower().replace("lamda", "lambda")
    for letter in "αβγδεζηθικλμνξοπρςστυφχψωΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩ"
}

_GREEK_SYMBOL = re.compile(r"(?<![\u0370-\u03ff])[\u0391-\u03c9]{1,2}(?![\u0370-\u03ff])")
_GREEK_OR_COMBINING = re.compile(r"[\u0300-\u03ff]")
_COMBINING = re.compile(r"[\u0300-\u036f]")
_HALF_PAIR = re.compile("[\ud800-\udfff]")
_POSSESSIVE = re.compile(r"(?<=\w)['\u2019][sS]\b")

_IN_NUMBER = re.compile(r"[.,](?<=[0-9][.,])(?=[0-9])")
_POINT = "\u02d1"
"""Stands for the point or comma inside a number: a letter to the tokenizer, so that `0.05` and `1,25` stay one word,
as in Unicode's word breaks (UAX 29). A tokenizer with a regular expression does the same four times slower."""

LONGEST_TERM = 255
"""Bytes; longer runs (sequences, base64) are no words, and are left out."""


def sound(text: str) -> str:
    """The text with halves of surrogate pairs, which no UTF-8 holds, replaced by U+FFFD."""
    return text if text.isascii() else _HALF_PAIR.sub("\ufffd", text)


def searchable(text: str) -> str:
    """The text in the one spelling that is indexed: NFKC, `TNF-α` as `TNF-alpha`, numbers whole, no possessive `'s`.

    Greek letters are named where one or two stand as symbols; Greek words stay. Case, accents and endings are
    left to the analyzer.
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKC", sound(text))
    if not text.isascii() and _GREEK_OR_COMBINING.search(text):
        text = _COMBINING.sub("", text)
        text = _GREEK_SYMBOL.sub(lambda found: "".join(_GREEK.get(c, c) for c in found[0]), text)
    if "'" in text or "\u2019" in text:
        text = _POSSESSIVE.sub("", text)
    return _IN_NUMBER.sub(_POINT, text)


def english() -> tantivy.TextAnalyzer:
    """A new analyzer: runs of letters and digits, lower case, no accents, no stop words (Lucene's 33), no endings
    (Snowball English)."""
    steps = (
        tantivy.Filter.remove_long(LONGEST_TERM),
        tantivy.Filter.lowercase(),
        tantivy.Filter.ascii_fold(),
        tantivy.Filter.stopword("english"),
        tantivy.Filter.stemmer("english"),
    )
    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
    for step in steps:
        builder = builder.filter(step)
    return builder.build()


@cache
def _shared() -> tantivy.TextAnalyzer:
    return english()


def terms(text: str) -> list[str]:
    """The terms of `text` in order, repeats included; stop words leave none."""
    return list(_shared().analyze(searchable(text)))


def placed_terms(text: str) -> list[tuple[int, str]]:
    """The terms with their places, counted in words from 0: what a phrase needs where stop words leave gaps."""
    tokens = _shared().pre_tokenize(searchable(text)).tokens
    return [(token.position, token.text) for token in tokens]


def distinct_words(text: str) -> list[str]:
    """The words of `text` in order and as they stand in `searchable`, one for each different term."""
    spelled = searchable(text)
    words: dict[str, str] = {}
    for token in _shared().pre_tokenize(spelled).tokens:
        words.setdefault(token.text, spelled[token.char_offset_from : token.char_offset_to])
    return list(words.values())
