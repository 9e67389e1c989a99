"""Which Java a node can run on: every JDK of the machine with its version, and the one to take."""

import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

FOLDERS = (
    "/usr/lib/jvm/*",
    "/usr/java/*",
    "/opt/java/*",
    "/Library/Java/JavaVirtualMachines/*/Contents/Home",
    "~/.sdkman/candidates/java/*",
    "~/.jdks/*",
)
"""Where packages and version managers put JDKs, as patterns."""

_VARIABLE = re.compile(r"(JAVA|JDK)\w*HOME\w*")
_VERSION = re.compile(r'(?:JAVA_VERSION=|version )"(?:1\.)?(\d+)')


class MissingTool(Exception):
    """What the nodes need is not installed here; the message says what to install."""


class Jdk(NamedTuple):
    """An installed Java: `java` is at `home/bin/java`."""

    major: int
    home: Path


def find(wanted: range, environment: Mapping[str, str], folders: Iterable[str] = FOLDERS) -> Path:
    """The home of the oldest Java whose major version is wanted.

    Raises:
        MissingTool: none is installed; the message names the versions that are.
    """
    found = sorted(set(installed(environment, folders)))
    for jdk in found:
        if jdk.major in wanted:
            return jdk.home
    known = ", ".join(f"{jdk.major} at {jdk.home}" for jdk in found) or "none"
    first, last = wanted.start, wanted.stop - 1
    raise MissingTool(
        f"No Java {first} to {last} is installed (found: {known}). "
        f"Install a JDK {first}, or name one's folder with JAVA{first}_HOME."
    )


def installed(environment: Mapping[str, str], folders: Iterable[str] = FOLDERS) -> Iterator[Jdk]:
    """Every Java that variables such as JAVA_HOME and JAVA17_HOME, the usual folders and the PATH lead to."""
    homes = [Path(value) for name, value in environment.items() if value and _VARIABLE.fullmatch(name)]
    for pattern in folders:
        root = Path(pattern).expanduser()
        homes += Path(root.anchor).glob(str(root.relative_to(root.anchor)))
    if on_path := shutil.which("java", path=environment.get("PATH", "")):
        homes.append(Path(on_path).resolve().parent.parent)
    for home in homes:
        if (home / "bin" / "java").is_file() and (major := _major(home)):
            yield Jdk(major, home.resolve())


def maven(environment: Mapping[str, str]) -> str:
    """The path of `mvn`.

    Raises:
        MissingTool: it is not on the PATH.
    """
    found = shutil.which("mvn", path=environment.get("PATH", ""))
    if found is None:
        raise MissingTool("Maven is not installed. Install it, so that 'mvn' is on the PATH: it fetches OpenSearch.")
    return found


def _major(home: Path) -> int | None:
    """The version from the `release` file that a JDK carries; else from asking it; None where neither tells."""
    release = home / "release"
    if release.is_file() and (said := _VERSION.search(release.read_text(encoding="utf-8", errors="replace"))):
        return int(said[1])
    command = [str(home / "bin" / "java"), "-version"]
    try:
        asked = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    except (OSError, subprocess.TimeoutExpired):
        return None
    said = _VERSION.search(asked.stderr)
    return int(said[1]) if said else None
