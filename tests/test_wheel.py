"""The built wheel, installed into an empty environment, has the command, and it searches."""

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("BIOCPT_", "PYTHON", "COV_"))}
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, cwd=cwd, env=clean, check=False)
    assert done.returncode == 0, done.stderr
    return done


@pytest.mark.slow
def test_the_wheel_in_an_empty_environment_indexes_and_searches(tmp_path: Path) -> None:
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", tmp_path, ROOT, cwd=tmp_path)
    (wheel,) = tmp_path.glob("biocpt_search-*.whl")
    home = tmp_path / "environment"
    venv.create(home, with_pip=True)
    scripts = home / ("Scripts" if os.name == "nt" else "bin")
    run(scripts / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", wheel, cwd=tmp_path)

    biocpt = scripts / "biocpt"
    assert "search" in run(biocpt, "--help", cwd=tmp_path).stdout
    sample = ROOT / "sample" / "pubmed26n0001.xml"
    run(biocpt, "index", sample, "--index", "index", "--model", "none", cwd=tmp_path)
    answer = run(biocpt, "search", "statins", "--mode", "lexical", "--index", "index", cwd=tmp_path).stdout
    assert "statin" in answer.lower()
