"""A Java is found where machines keep it, by version; where none fits, the message says what to install."""

import sys
from pathlib import Path

import pytest

from tests.opensearch import java
from tests.opensearch.fixtures import tools_or_skip
from tests.opensearch.servers import Servers


def jdk(home: Path, version: str | None) -> Path:
    """A folder like an installed Java's; with no `release` file, its `java` says the version itself."""
    program = home / "bin" / "java"
    program.parent.mkdir(parents=True)
    answer = "" if version else "echo 'openjdk version \"1.8.0_412\"' >&2\n"
    program.write_text(f"#!/bin/sh\n{answer}", encoding="utf-8")
    program.chmod(0o755)
    if version:
        (home / "release").write_text(f'IMPLEMENTOR="Someone"\nJAVA_VERSION="{version}"\n', encoding="utf-8")
    return home


def test_the_oldest_java_that_fits_is_taken(tmp_path: Path) -> None:
    for version in ("11.0.2", "25", "21.0.4", "17.0.15"):
        jdk(tmp_path / version, version)
    assert java.find(range(17, 22), {}, [f"{tmp_path}/*"]) == tmp_path / "17.0.15"
    assert java.find(range(21, 30), {}, [f"{tmp_path}/*"]) == tmp_path / "21.0.4"


@pytest.mark.parametrize("variable", ["JAVA_HOME", "JAVA21_HOME", "JAVA_HOME_21_X64", "JDK_HOME"])
def test_a_variable_leads_to_a_java(variable: str, tmp_path: Path) -> None:
    home = jdk(tmp_path / "mine", "21.0.1")
    assert java.find(range(21, 22), {variable: str(home)}, []) == home


def test_the_path_leads_to_a_java_through_links(tmp_path: Path) -> None:
    home = jdk(tmp_path / "real", "17.0.1")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "java").symlink_to(home / "bin" / "java")
    assert java.find(range(17, 18), {"PATH": str(tmp_path / "bin")}, []) == home


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for java is a shell script")
def test_a_java_without_a_release_file_is_asked(tmp_path: Path) -> None:
    jdk(tmp_path / "old", None)
    assert list(java.installed({}, [f"{tmp_path}/*"])) == [(8, tmp_path / "old")]


def test_a_folder_without_a_java_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert list(java.installed({"JAVA_HOME": str(tmp_path / "gone")}, [f"{tmp_path}/*"])) == []


def test_a_missing_java_is_named_with_those_that_are_there(tmp_path: Path) -> None:
    jdk(tmp_path / "one", "11.0.2")
    with pytest.raises(java.MissingTool) as missing:
        java.find(range(17, 22), {}, [f"{tmp_path}/*"])
    assert str(missing.value) == (
        f"No Java 17 to 21 is installed (found: 11 at {tmp_path}/one). "
        "Install a JDK 17, or name one's folder with JAVA17_HOME."
    )


def test_without_maven_tests_skip_and_say_what_to_install(tmp_path: Path) -> None:
    home = jdk(tmp_path / "seventeen", "17.0.1")
    environment = {"JAVA17_HOME": str(home), "PATH": "", "BIOCPT_TEST_CACHE": str(tmp_path / "cache")}
    with pytest.raises(pytest.skip.Exception, match="Maven is not installed"), tools_or_skip(environment):
        Servers(environment).at("2.19.1")


def test_where_ci_promises_java_its_absence_fails(tmp_path: Path) -> None:
    environment = {"CI": "true", "BIOCPT_TEST_CACHE": str(tmp_path / "cache")}
    with pytest.raises(pytest.fail.Exception, match=r"No Java 40 to 49 is installed"), tools_or_skip(environment):
        java.find(range(40, 50), environment)
