"""On a real collection the figures are those that other tools give."""

import os
from pathlib import Path

import pytest

from tests.search.cli.in_process import Command
from tests.search.cli.in_process import biocpt as biocpt

if "BIOCPT_DATA" not in os.environ:
    pytest.skip("BIOCPT_DATA names no folder of real collections", allow_module_level=True)

SCIFACT = Path(os.environ["BIOCPT_DATA"]) / "scifact"


@pytest.mark.slow
def test_bm25_on_scifact_is_what_another_tool_gives(biocpt: Command, tmp_path: Path) -> None:
    """bm25s with k1 1.2 and b .75, the parameters of both engines, and the same stemmer has .679."""
    index = tmp_path / "scifact"
    loaded = biocpt("index", SCIFACT / "corpus.jsonl.gz", "--index", index, "--model", "none")
    assert loaded.code == 0, loaded.err
    answer = biocpt("eval", SCIFACT, "--split", "test", "--index", index, "--json").json
    assert answer["topics"] == 300
    assert answer["coverage"] == {"judged": 283, "held": 283, "relevant": 283, "relevant_held": 283}
    assert answer["systems"][0]["means"]["nDCG@10"] == pytest.approx(0.679, abs=0.015)
