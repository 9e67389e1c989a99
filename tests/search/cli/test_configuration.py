"""Settings: a flag wins over the environment, that over the TOML file, and that over the default."""

from pathlib import Path

import click
import pytest

from search.cli import biocpt as group
from search.cli.configuration import default_map
from tests.search.cli.running import biocpt

CONFIG = """
limit = 3
[search]
rrf-k = 7
[similar]
limit = 4
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(CONFIG, encoding="utf-8")
    return path


def test_a_table_wins_over_top_level_keys(config: Path) -> None:
    defaults = default_map(str(config), group, click.Context(group))
    assert defaults["search"] == {"limit": 3, "rrf_k": 7}
    assert defaults["similar"] == {"limit": 4}
    assert defaults["info"] == {}


def test_top_level_keys_reach_the_commands_of_a_group(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(f"home = '{tmp_path / 'elsewhere'}'", encoding="utf-8")
    done = biocpt("--config", path, "models", "info", "minilm")
    assert done.returncode == 1
    assert "biocpt models pull minilm" in done.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("limit = ", "is not TOML"),
        ("[serch]\nlimit = 1", "has a table 'serch'; commands are index, search"),
        ("[info]\ndepht = 1", "sets 'depht' in [info]; options are aws-region, aws-service, ca-cert"),
        ("[info]\npassword = 'secret'", "sets 'password' in [info]"),
        ("limt = 5", "sets 'limt', which is an option of no command"),
        ("[search]\nlimit = [1, 2]", "gives 'limit' the value [1, 2], which no flag could give it"),
        ("[models]\npull = 5", "sets 'pull', which is an option of no command"),
        ("[models.pul]\nhome = 'x'", "has a table 'models.pul'; commands are export, info, list"),
    ],
)
def test_a_broken_file_is_refused_with_its_fault(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    done = biocpt("--config", path, "info", "--index", tmp_path)
    assert done.returncode == 2
    assert said in done.stderr


def test_a_missing_file_is_refused_by_name(tmp_path: Path) -> None:
    done = biocpt("--config", tmp_path / "none.toml", "info", "--index", tmp_path)
    assert done.returncode == 2
    assert "none.toml" in done.stderr


def test_flag_over_environment_over_file(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('index = "from-file"', encoding="utf-8")
    asked = ("--config", path, "info")
    assert "from-file" in biocpt(*asked).stderr
    assert "from-environment" in biocpt(*asked, environment={"BIOCPT_INDEX": "from-environment"}).stderr
    flagged = biocpt(*asked, "--index", "from-flag", environment={"BIOCPT_INDEX": "from-environment"})
    assert "from-flag" in flagged.stderr
    assert flagged.returncode == 1
