"""Run the Python that a page of docs/ shows, as doctest does; `…` in what is printed stands for anything."""

import doctest
import re
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"
_FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
_WHATEVER = doctest.OutputChecker()


class _Anything(doctest.OutputChecker):
    def check_output(self, want: str, got: str, optionflags: int) -> bool:
        return True


def text_of(page: str) -> str:
    """The page, by its name in docs/."""
    return (DOCS / page).read_text(encoding="utf-8")


def run(page: str, *, section: str | None = None, is_printed: bool = True) -> int:
    """Run all examples of a page, or of one of its sections, in one session; how many there are.

    Args:
        page: its name in docs/.
        section: the heading of level 2 that they stand under.
        is_printed: whether what they print must be as shown; else it is enough that they run.

    Raises:
        AssertionError: an example failed, or printed something else than the page shows.
    """
    text = text_of(page)
    if section is not None:
        text = re.split(r"^## ", text.split(f"\n## {section}\n")[1], maxsplit=1, flags=re.MULTILINE)[0]
    parsed = doctest.DocTestParser().get_doctest(text, {}, page, str(DOCS / page), 0)
    for example in parsed.examples:
        example.want = example.want.replace("…", "...")
    said: list[str] = []
    runner = doctest.DocTestRunner(_WHATEVER if is_printed else _Anything(), verbose=False, optionflags=_FLAGS)
    failed = runner.run(parsed, out=said.append).failed
    assert failed == 0, "".join(said)
    return len(parsed.examples)


def scripts(page: str) -> list[str]:
    """The indented blocks of a page that are Python without prompts: those that begin with an import."""
    blocks = re.findall(r"(?:^    .*\n|^\n(?=    ))+", text_of(page), flags=re.MULTILINE)
    plain = (re.sub(r"^    ", "", block.strip("\n"), flags=re.MULTILINE) for block in blocks)
    return [block for block in plain if re.match(r"(?:import|from) \w", block)]
