"""Identifiers made clean: PMIDs, PMC ids, DOIs and ORCIDs, from the many ways in which records spell them."""

import re

_PMID = re.compile(r"0*([1-9]\d{0,17})", re.ASCII)
_PMC = re.compile(r"\bPMC\d+\b")
_DOI = re.compile(r"(?:https?://(?:dx\.)?doi\.org/|doi:\s*)?(10\.\S+)", re.IGNORECASE)
_ORCID = re.compile(r"(?<![\dX])(\d{4})-?(\d{4})-?(\d{4})-?(\d{3}[\dX])(?![\dX])", re.IGNORECASE)

MAX_ID_BYTES = 512
"""The longest id that engines take (OpenSearch's own bound)."""


def pmid(text: str) -> str:
    """The PMID without padding; "" for what is not a positive number."""
    if text.isascii() and text.isdecimal() and text[0] != "0" and len(text) < 10:
        return text
    found = _PMID.fullmatch(text.strip())
    return found[1] if found else ""


def pmc(text: str) -> str:
    """`PMC4380289` out of `PMC4380289 [Available on 04/01/16]`; "" where there is none."""
    found = _PMC.search(text)
    return found[0] if found else ""


def doi(text: str) -> str:
    """The DOI alone, without a resolver or `doi:` before it; "" for what is no DOI."""
    found = _DOI.fullmatch(text.strip())
    return found[1] if found else ""


def orcid(text: str) -> str:
    """`0000-0002-7178-6501` out of a link or of 16 characters; "" for what is no ORCID."""
    found = _ORCID.search(text)
    return "-".join(found.groups()).upper() if found else ""


def fault_of_id(text: str) -> str:
    """What makes an id unusable as a key, in words; "" for a good one."""
    if not text:
        return "its id is empty"
    if len(text.encode()) > MAX_ID_BYTES:
        return f"its id is longer than {MAX_ID_BYTES} bytes"
    unseen = next((letter for letter in text if not letter.isprintable()), "")
    return f"its id holds U+{ord(unseen):04X}, a character that cannot be seen" if unseen else ""
