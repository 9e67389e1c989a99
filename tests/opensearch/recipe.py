"""What a node is made of: fetched by Maven (pom.xml), unpacked once into a cache outside the checkout."""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

import platformdirs

from tests.opensearch import java, locks

Part: TypeAlias = Literal["security", "ml"]
"""A plugin that few tests need: a profile of the pom."""

JAVAS = {"2.19.1": range(17, 22), "3.6.0": range(21, 30)}
"""The server lines that tests run on, with the major versions of Java that each starts on."""

_POM = Path(__file__).with_name("pom.xml")

_FETCHING = 15 * 60.0  # seconds; other runs wait for this one meanwhile

_UNUSED = 24 * 3600.0  # seconds since a test run asked for a server, after which a changed recipe may remove it

_PAINLESS_POLICY = """grant {
  permission java.lang.RuntimePermission "createClassLoader";
  permission java.lang.RuntimePermission "getClassLoader";
  permission org.opensearch.script.ClassPermission "<<STANDARD>>";
};
"""
_MUSTACHE_POLICY = """grant {
  permission java.lang.RuntimePermission "accessDeclaredMembers";
};
"""
_MODULE = """description={name}, put together from its jars
version={version}
name={name}
classname={plugin}
java.version=11
opensearch.version={version}
custom.foldername=
extended.plugins=
has.native.controller=false
"""
_PLUGINS = {
    "lang-painless": ("org.opensearch.painless.PainlessPlugin", _PAINLESS_POLICY),
    "analysis-common": ("org.opensearch.analysis.common.CommonAnalysisPlugin", ""),
    "lang-mustache": ("org.opensearch.script.mustache.MustachePlugin", _MUSTACHE_POLICY),
}
"""Module → its class, and what this may do."""

_PARTS_OF = {
    "analysis-common-": "analysis-common",
    "lang-mustache-client-": "lang-mustache",
    "compiler-": "lang-mustache",
}


class Distribution(NamedTuple):
    """A server ready to start: where it is unpacked, and the Java to run it."""

    version: str
    home: Path
    java: Path


def cache(environment: Mapping[str, str]) -> Path:
    """The folder for unpacked servers and running nodes, made if it is not there.

    BIOCPT_TEST_CACHE, else the user's cache; for root the system's, as nodes run as another user who must get there.
    """
    if named := environment.get("BIOCPT_TEST_CACHE"):
        folder = Path(named).absolute()
    elif _is_root():
        folder = platformdirs.site_cache_path("biocpt-tests")
    else:
        folder = platformdirs.user_cache_path("biocpt-tests")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def obtain(version: str, *parts: Part, environment: Mapping[str, str]) -> Distribution:
    """The server with its plugins; the first call fetches and unpacks it, while other test runs wait for that one.

    Raises:
        MissingTool: a fitting Java is not installed, or Maven, where the server has to be fetched.
    """
    jdk = java.find(JAVAS[version], environment)
    root = cache(environment)
    name = "-".join(["opensearch", version, *sorted(parts)])
    home = root / f"{name}-{_stamp()}"
    with locks.wait_for(_lock(home)):
        if not home.is_dir():
            mvn = java.maven(environment)
            _clear(root, name)
            work = Path(tempfile.mkdtemp(prefix=f".unpacking-{home.name}-", dir=root))
            try:
                _fetch(mvn, [version, *sorted(parts)], into=work / "fetched", environment=environment, jdk=jdk)
                _unpack(work / "fetched", version, work / "home")
                (work / "home").rename(home)
            finally:
                shutil.rmtree(work)
        os.utime(home)
    return Distribution(version, home, jdk)


def _fetch(
    mvn: str, profiles: list[str], *, into: Path, environment: Mapping[str, str], jdk: Path, patience: float = _FETCHING
) -> None:
    command = [mvn, "-q", "-B", "-f", str(_POM), "-P", ",".join(profiles), "dependency:copy"]
    try:
        done = subprocess.run(
            [*command, f"-DoutputDirectory={into}"],
            env={"JAVA_HOME": str(jdk), **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=patience,
        )
    except subprocess.TimeoutExpired as late:
        raise RuntimeError(
            f"Maven did not fetch OpenSearch {profiles} within {patience:.0f} s; is the way to Maven Central open?"
        ) from late
    if done.returncode:
        tail = "\n".join(done.stdout.splitlines()[-15:])
        raise RuntimeError(f"Maven could not fetch OpenSearch {profiles}; is there a way to Maven Central?\n{tail}")


def _lock(home: Path) -> Path:
    return home.with_name(f"{home.name}.lock")


def _clear(root: Path, name: str) -> None:
    """Remove what killed runs left half unpacked of this server, and what older recipes made of it that nobody uses."""
    for left in root.glob(f".unpacking-{name}-{_stamp()}-*"):  # not of a living run: the lock is ours
        shutil.rmtree(left)
    for home in _of_older_recipes(root, name):
        lock = locks.take(_lock(home), wait=False)
        if lock is None:
            continue
        with lock:
            for left in root.glob(f".unpacking-{home.name}-*"):
                shutil.rmtree(left)
            if home.is_dir() and not _in_use(home):
                shutil.rmtree(home)


def _of_older_recipes(root: Path, name: str) -> list[Path]:
    """The homes, there or not, for which another stamp than ours took a lock."""
    locked = {path.with_suffix("") for path in root.glob(f"{name}-{'[0-9a-f]' * 8}.lock")}
    return sorted(locked - {root / f"{name}-{_stamp()}"})


def _in_use(home: Path) -> bool:
    """Whether a node runs from it, or a test run asked for it lately."""
    commands = subprocess.run(["ps", "-ww", "-A", "-o", "command="], capture_output=True, text=True, check=True).stdout
    return str(home) in commands or time.time() - home.stat().st_mtime < _UNUSED


def _unpack(fetched: Path, version: str, home: Path) -> None:
    """Put the server, its plugins and, from loose jars, the modules that its zip lacks into one folder."""
    server = fetched / f"opensearch-{version}.zip"
    _extract(server, home.parent)
    (home.parent / f"opensearch-{version}").rename(home)
    (home / "plugins").mkdir(exist_ok=True)
    for plugin in fetched.glob("*.zip"):
        if plugin != server:
            _extract(plugin, home / "plugins" / _plugin_name(plugin))
    for jar in sorted(fetched.glob("*.jar")):
        module = home / "modules" / _module_of(jar)
        module.mkdir(exist_ok=True)
        shutil.copy(jar, module)
        _describe(module, version)
    _let_anyone_read(home)


def _extract(archive: Path, into: Path) -> None:
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(into)


def _plugin_name(archive: Path) -> str:
    """The name that the plugin's descriptor gives it: its folder must have it."""
    with zipfile.ZipFile(archive) as opened:
        lines = opened.read("plugin-descriptor.properties").decode().splitlines()
    return next(line.partition("=")[2].strip() for line in lines if line.startswith("name="))


def _module_of(jar: Path) -> str:
    """Which module a loose jar is part of: painless, unless its name says otherwise."""
    return next((name for beginning, name in _PARTS_OF.items() if jar.name.startswith(beginning)), "lang-painless")


def _describe(module: Path, version: str) -> None:
    """What the server reads about a module, beside its jars."""
    plugin, policy = _PLUGINS[module.name]
    text = _MODULE.format(name=module.name, version=version, plugin=plugin)
    (module / "plugin-descriptor.properties").write_text(text, encoding="utf-8")
    if policy:
        (module / "plugin-security.policy").write_text(policy, encoding="utf-8")


def _let_anyone_read(home: Path) -> None:
    """Zips opened by Python lose the executable bit, and the umask may shut out the user that nodes run as."""
    for path in [home, *home.rglob("*")]:
        path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)


def _stamp() -> str:
    """Changes with the recipe, so that a changed one is unpacked anew."""
    return hashlib.sha256(_POM.read_bytes() + Path(__file__).read_bytes()).hexdigest()[:8]


def _is_root() -> bool:
    return sys.platform != "win32" and os.geteuid() == 0
