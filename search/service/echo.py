"""A text made safe to be put between quotes in a JSON template, by a template engine that escapes nothing.

OpenSearch's `ml_inference` request processor fills `"query": "${text}"` with what the model server answers. It does
not escape, and it substitutes again in what it has filled in, so a text could end the string or name a variable.
"""

import re

_ANYTHING_ELSE = re.compile(r"[^A-Za-z0-9 .,;:_()+*=/-]+")


def json_escaped(text: str) -> str:
    r"""The inside of a JSON string that stands for `text`: `json.loads(f'"{json_escaped(text)}"') == text`.

    All but ASCII letters, digits, blanks and a few marks become `\uXXXX`, so that no quote, line end, `$` or `{`
    is left for a template engine, a parser or a log to stumble over.
    """
    return _ANYTHING_ELSE.sub(_as_units, text)


def _as_units(match: re.Match[str]) -> str:
    units = match[0].encode("utf-16-be")
    return "".join(rf"\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
