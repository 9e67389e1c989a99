"""The entries of one large JSON object or list, one after the other, without loading it."""

import json
from codecs import getincrementaldecoder
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from search.training.errors import BadTrainingData
from search.training.lines import reading

_CHUNK = 1 << 20
_SPACE = " \t\r\n"


class _Text:
    """The file's text from where it has been read to."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._decode = file, getincrementaldecoder("utf-8-sig")().decode
        self._text, self._at, self._is_whole = "", 0, False
        self._scan = json.JSONDecoder().raw_decode

    def _more(self) -> None:
        data = self._file.read(_CHUNK)
        self._is_whole = not data
        self._text, self._at = self._text[self._at :] + self._decode(data, final=not data), 0

    def sign(self) -> str:
        """The next sign that is no space, taken; "" at the end."""
        while True:
            while self._at < len(self._text):
                sign = self._text[self._at]
                self._at += 1
                if sign not in _SPACE:
                    return sign
            if self._is_whole:
                return ""
            self._more()

    def back(self) -> None:
        """The sign that was taken last is to be read again."""
        self._at -= 1

    def value(self) -> Any:
        """The next value.

        Raises:
            ValueError: there is none, or one that is none (`json.JSONDecodeError` is one too).
            RecursionError: it is too deep.
        """
        if not self.sign():
            raise _Broken("it breaks off")
        self.back()
        while True:
            try:
                value, end = self._scan(self._text, self._at)
            except json.JSONDecodeError:
                if self._is_whole:
                    raise
            else:
                if end < len(self._text) or self._is_whole:  # a number may go on in the next chunk
                    self._at = end
                    return value
            self._more()


def entries(path: Path) -> Iterator[tuple[str, Any]]:
    """(key, value) of each entry of an object, or (number from 1, value) of a list's; plain or gzip.

    Raises:
        BadTrainingData: it is neither, or breaks off; after all entries before that.
    """
    number = 0
    try:
        with reading(path) as file:
            text = _Text(file)
            opening = text.sign()
            if opening not in ("{", "["):
                raise BadTrainingData(path=path, problem=f"it opens with {opening!r}, and is no JSON object or list")
            closing = "}" if opening == "{" else "]"
            sign = text.sign()
            if sign and sign != closing:
                text.back()
            while sign != closing:
                number += 1
                key = _key(text) if opening == "{" else str(number)
                yield key, text.value()
                sign = text.sign()
                if sign not in (",", closing):
                    raise _Broken(f"{sign!r} stands where ',' or {closing!r} was awaited")
            number += 1
            if rest := text.sign():
                raise _Broken(f"{rest!r} stands after the end")
    except (
        ValueError,
        RecursionError,
    ) as error:  # broken, cut off, no UTF-8, a number of thousands of digits, too deep
        raise BadTrainingData(path=path, problem=f"entry {number:,}: {error}") from error


class _Broken(ValueError):
    """The text is no JSON."""


def _key(text: _Text) -> str:
    key = text.value()
    if not isinstance(key, str) or text.sign() != ":":
        raise _Broken(f"{str(key)[:80]!r} is no key")
    return key
