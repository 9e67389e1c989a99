"""How a cluster makes search terms of text: as `indexer.analysis` does, as far as its own parts go.

Both spell Greek symbols by name, keep numbers whole, drop possessives, accents, case, Lucene's 33 stop words and
endings (Snowball English). A cluster has no Unicode normalisation without a plugin, so its part for letters, digits
and signs that are written otherwise is spelled out here as a table.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

from indexer.analysis import terms

ENGLISH = "english_terms"
"""The analyzer of the text fields."""

CASELESS = "caseless"
"""The normalizer of keywords: what `str.casefold` makes of them, for Latin, Greek and Armenian."""

LONGEST_TERM = 254
"""Characters; longer runs (sequences, base64) are no words, and are left out, as `indexer.analysis` does by bytes."""

_COMPATIBLE = (
    (0x00A0, 0x0250),  # Latin: superscripts, the micro sign, ligatures
    (0x02B0, 0x02E5),  # modifier letters
    (0x03D0, 0x0400),  # Greek symbols
    (0x1D2C, 0x1DC0),  # phonetic superscripts and subscripts
    (0x1E9A, 0x1E9C),
    (0x2070, 0x20A0),  # superscripts and subscripts
    (0x2100, 0x2190),  # letter-like signs, fractions, Roman numerals
    (0x2460, 0x2500),  # in circles
    (0x3300, 0x3400),  # units in a square
    (0xFB00, 0xFB07),  # ligatures
    (0xFF10, 0xFF5B),  # full width
    (0x1D400, 0x1D800),  # mathematical letters
)
"""Code points, end excluded, whose NFKC form is written out."""

_NEITHER = ((0x00, 0x20), (0x7F, 0xA1), (0xAD, 0xAE), (0x2007, 0x2008), (0x200B, 0x2010), (0x202A, 0x2030))
_NOR = ((0x2060, 0x2070), (0x20D0, 0x20F1), (0xFE00, 0xFE10), (0xE000, 0xE001), (0xF000, 0xF100), (0xFEFF, 0xFF00))
"""Controls, spaces that do not break, marks without a letter, signs of symbol fonts: separators, which the tokenizer
does not know as such."""

_COMBINING = (0x0300, 0x0370)

_SYMBOL = "\ue000"
"""Put before a Greek letter that stands as a symbol; a Greek word stays as it is."""

_NEW_ENDINGS = (
    "added adding ebbed ebbing egged egging erred erring",
    "emergence emergences emergency emergencies emergent emergently",
    "evening evenings",
    "interfered interfering intertrial interval intervals",
    "internal internally internality internals internalization internalizations",
    "internalize internalized internalizes internalizing international internationally",
    "lateral laterality laterally laterals",
    "lateralization lateralizations lateralize lateralized lateralizes lateralizing",
    "organic organically organics organism organisms organization organizations",
    "organize organized organizer organizers organizes organizing",
    "paste pasted pastes pasting",
    "universal universality universally universals university universities",
)
"""Words to which Snowball 3 gives another stem than the Snowball of OpenSearch 2.19 to 3.6, as found in the 134,000
different terms of 52,000 articles. Servers are told the newer stems, as they are of words like `dermatologist`."""

_GREEK = "αβγδεζηθικλμνξοπρςστυφχψωΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩ"


def analysis() -> dict[str, Any]:
    """The `analysis` part of an index's settings."""
    return {
        "char_filter": {
            "spelling": {"type": "mapping", "mappings": list(_spelling())},
            "greek_symbols": _replaced(
                r"([\u0391-\u03c9])(?<![\u0370-\u03ff][\u0391-\u03c9])([\u0391-\u03c9])?(?![\u0370-\u03ff])",
                f"{_SYMBOL}$1{_SYMBOL}$2",
            ),
            "greek_names": {"type": "mapping", "mappings": list(_greek_names())},
            "possessive": _replaced(r"['\u2019](?<=[\p{L}\p{N}_]['\u2019])[sS](?![\p{L}\p{N}_])", ""),
            "number": _replaced(r"[.,](?=[0-9])(?<=[0-9][.,])", "\u02d1"),
            "case_folding": {"type": "mapping", "mappings": list(_case_folding())},
        },
        "tokenizer": {
            "runs": {
                "type": "char_group",
                "tokenize_on_chars": ["whitespace", "punctuation", "symbol"],
                "max_token_length": 1_000_000,
            }
        },
        "filter": {
            "no_long": {"type": "length", "max": LONGEST_TERM},
            "new_endings": {
                "type": "stemmer_override",
                "rules": list(_new_endings()),
            },
            "ologists": {"type": "pattern_replace", "pattern": "(?<=.l)ogists?$", "replacement": "ogy"},
            "endings": {"type": "stemmer", "language": "porter2"},
        },
        "analyzer": {
            ENGLISH: {
                "type": "custom",
                "char_filter": ["spelling", "greek_symbols", "greek_names", "possessive", "number"],
                "tokenizer": "runs",
                "filter": ["no_long", "lowercase", "asciifolding", "stop", "new_endings", "ologists", "endings"],
            }
        },
        "normalizer": {CASELESS: {"type": "custom", "char_filter": ["case_folding"], "filter": ["lowercase"]}},
    }


def _replaced(pattern: str, by: str) -> dict[str, str]:
    return {"type": "pattern_replace", "pattern": pattern, "replacement": by}


def _spelling() -> Iterator[str]:
    """What NFKC makes of letters and digits in other shapes; no combining marks; blanks for what separates."""
    for code in _codes(*_COMPATIBLE):
        sign = chr(code)
        plain = unicodedata.normalize("NFKC", sign)
        if plain != sign and any(c.isalnum() for c in plain):
            yield _rule(sign, plain)
    for code in _codes(_COMBINING):
        yield _rule(chr(code), "")
    for code in _codes(*_NEITHER, *_NOR):
        yield _rule(chr(code), " ")


def _greek_names() -> Iterator[str]:
    for letter in _GREEK:
        name = unicodedata.name(letter).split()[-1].lower().replace("lamda", "lambda")
        yield _rule(_SYMBOL + letter, name)
    yield _rule(_SYMBOL, "")


def _case_folding() -> Iterator[str]:
    for code in _codes((0x80, 0x590), (0x1E00, 0x2000), (0xFB00, 0xFB18)):
        folded = chr(code).casefold()
        if folded != chr(code).lower() or len(folded) > 1:  # a server lowers character by character
            yield _rule(chr(code), folded)


def _new_endings() -> Iterator[str]:
    for word in " ".join(_NEW_ENDINGS).split():
        yield f"{word} => {terms(word)[0]}"


def _codes(*spans: tuple[int, int]) -> Iterator[int]:
    for start, end in spans:
        yield from range(start, end)


def _rule(written: str, meant: str) -> str:
    """`a=>b`; blanks, controls and what could be taken for syntax as escapes."""
    return f"{_escaped(written)}=>{_escaped(meant)}"


def _escaped(text: str) -> str:
    return re.sub(r"[\x00-\x20\x7f-\xa0\\=>\u2000-\u206f]", lambda found: f"\\u{ord(found[0]):04x}", text)
