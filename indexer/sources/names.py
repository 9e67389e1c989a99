"""Names of people as one string, `Long VK` or `Long, Vicky K`, as the parts of an Author."""

import re
from dataclasses import replace

from indexer.article import Author

_SUFFIXES = frozenset(("Jr", "Sr", "2nd", "3rd", "4th", "5th", "II", "III", "IV"))
_SHORT = re.compile(r"(?P<last>.+?)\s+(?P<initials>[A-Z]{1,4})(?:\s+(?P<suffix>\S+))?")


def author(text: str) -> Author:
    """A person from either form; what is neither is a group's name."""
    person = full(text) if "," in text else short(text)
    return person if person.initials or person.fore_name else Author(collective=text.strip())


def full(text: str) -> Author:
    """`Long, Vicky K` or `Long, Vicky K Jr` (MEDLINE's FAU); initials from the first names."""
    last, _, rest = (part.strip() for part in text.partition(","))
    fore, suffix = rest.replace(",", " ").split(), ""
    if len(fore) > 1 and fore[-1].rstrip(".") in _SUFFIXES:
        suffix = fore.pop().rstrip(".")
    initials = "".join(part[0] for word in fore for part in word.split("-") if part and part[0].isupper())
    return Author(last_name=last, fore_name=" ".join(fore), initials=initials, suffix=suffix)


def short(text: str) -> Author:
    """`Long VK` or `Long VK Jr` (MEDLINE's AU); a name of another shape is a last name alone."""
    found = _SHORT.fullmatch(text.strip())
    if found is None or (found["suffix"] and found["suffix"].rstrip(".") not in _SUFFIXES):
        return Author(last_name=text.strip())
    return Author(last_name=found["last"], initials=found["initials"], suffix=(found["suffix"] or "").rstrip("."))


def joined(person: Author, shorter: str) -> Author:
    """A person with initials and suffix as the short form of the same name (`Long VK Jr`) has them."""
    rest = shorter.removeprefix(person.last_name).split()
    if not person.last_name or not rest or not rest[0].isupper():
        return person
    suffix = rest[1].rstrip(".") if len(rest) > 1 else ""
    fore = person.fore_name
    if suffix and fore.rstrip(".").endswith(f" {suffix}"):
        fore = fore.rstrip(".").removesuffix(suffix).rstrip()
    return replace(person, fore_name=fore, initials=rest[0], suffix=suffix or person.suffix)
