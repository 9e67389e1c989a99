"""The Dockerfile, as far as it can be followed without an engine: what it copies, installs and runs as."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent


class Instruction(NamedTuple):
    stage: int
    name: str
    rest: str


def instructions() -> Iterator[Instruction]:
    stage = 0
    text = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
    for line in text.splitlines():
        if line and not line.startswith("#"):
            name, _, rest = line.partition(" ")
            stage += name == "FROM"
            yield Instruction(stage, name, rest)


ALL = list(instructions())


def copies() -> Iterator[tuple[list[str], str]]:
    """Sources and target of each COPY out of the checkout."""
    for each in ALL:
        if each.name == "COPY" and "--from" not in each.rest:
            *sources, target = each.rest.split()
            yield sources, target


def test_every_instruction_is_one_of_docker() -> None:
    known = {"FROM", "ARG", "RUN", "WORKDIR", "COPY", "ENV", "USER", "VOLUME", "ENTRYPOINT", "CMD"}
    assert {each.name for each in ALL} <= known


def test_what_is_copied_exists_and_is_not_ignored() -> None:
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    sources = {source for found, _ in copies() for source in found}
    assert sources == {line[1:] for line in ignored if line.startswith("!")}
    assert all((ROOT / source).exists() for source in sources)


def test_the_image_runs_biocpt_as_an_ordinary_user_with_its_home_on_a_volume() -> None:
    last = {each.name: each.rest for each in ALL if each.stage == ALL[-1].stage}
    assert last["USER"] == "1000"  # a number, as Kubernetes asks for to see that it is not root
    assert last["ENTRYPOINT"] == '["biocpt"]'
    assert f"BIOCPT_HOME={last['VOLUME']}" in last["ENV"].split()


@pytest.mark.skipif(sys.platform != "linux", reason="as in the image")
def test_lists_of_rejects_outlive_the_container() -> None:
    """They go to the platform's folder for state, which nobody keeps unless it lies on the volume."""
    last = {each.name: each.rest for each in ALL if each.stage == ALL[-1].stage}
    environment = dict(pair.split("=") for pair in last["ENV"].split())
    ask = "from search.cli.options import default_state; print(default_state())"
    command = [sys.executable, "-c", ask]
    state = {"XDG_STATE_HOME": environment["XDG_STATE_HOME"]}
    said = subprocess.run(command, env=state, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    assert Path(said).is_relative_to(last["VOLUME"])


def test_both_stages_have_the_same_python_which_we_support() -> None:
    images = {each.rest.split()[0] for each in ALL if each.name == "FROM"}
    assert images == {"python:3.12-slim"}
    assert "Programming Language :: Python :: 3.12" in (ROOT / "pyproject.toml").read_text("utf-8")


def test_no_secret_and_no_registry_is_named() -> None:
    text = (ROOT / "Dockerfile").read_text("utf-8").lower()
    assert not re.search(r"https?://|index-url|password|token|secret|api.?key", text)


@pytest.mark.slow
def test_what_is_copied_can_be_installed_as_the_image_does(tmp_path: Path) -> None:
    source, home = tmp_path / "source", tmp_path / "biocpt"
    source.mkdir()
    for sources, target in copies():
        for name in sources:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, source / target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / name, source / target)
    venv.create(home, with_pip=True)
    (install,) = (each.rest for each in ALL if each.name == "RUN" and "pip install" in each.rest)
    command = shlex.split(install.replace("/opt/biocpt", str(home)).replace("${EXTRAS}", "cpu"))
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("BIOCPT_", "PYTHON", "COV_"))}
    subprocess.run([*command, "--quiet"], cwd=source, env=clean, check=True)
    said = subprocess.run([home / "bin" / "biocpt", "--help"], capture_output=True, text=True, env=clean, check=True)
    assert "search" in said.stdout
    have = f"import onnxruntime, sys; assert sys.prefix != {sys.prefix!r}"
    subprocess.run([home / "bin" / "python", "-W", "ignore", "-c", have], env=clean, check=True, cwd=tmp_path)
