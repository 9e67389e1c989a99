"""Which signs a page can hold: no control character is text in XML, and no half of a pair in UTF-8."""

import re

_NONE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def held(text: str) -> str:
    """The text with a sign in place of each that no page can hold."""
    return _NONE.sub("\ufffd", text)
