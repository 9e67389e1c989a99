"""set.toml: every known set survives it, and mistakes in one are named."""

from pathlib import Path

import pytest

from onnx_models import set_file
from onnx_models.errors import BadSetFile
from onnx_models.specs import KNOWN_SETS


@pytest.mark.parametrize("name", KNOWN_SETS)
def test_every_known_set_is_read_back_as_it_was_written(tmp_path: Path, name: str) -> None:
    set_file.write(tmp_path, KNOWN_SETS[name])
    assert set_file.read(tmp_path) == KNOWN_SETS[name]


def test_a_short_file_takes_the_defaults(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "set.toml").write_text('[query]\ncheckpoint = "bert"\npooling = "mean"\n')
    model_set = set_file.read(folder)
    assert (model_set.name, model_set.query.name, model_set.article.name) == ("mine", "mine-query", "mine-article")
    assert model_set.article.pooling == "mean"
    assert model_set.tied
    assert model_set.cross is None


def test_sides_that_share_a_checkpoint_share_a_folder() -> None:
    assert set_file.side_folder(KNOWN_SETS["minilm"], "query") == "encoder"
    assert set_file.side_folder(KNOWN_SETS["minilm"], "article") == "encoder"
    assert set_file.side_folder(KNOWN_SETS["medcpt"], "query") == "query"


MISTAKES = {
    "not TOML": ("[query", "Expected"),
    "no query": ('[article]\ncheckpoint = "x"', r"no \[query\]"),
    "query is no table": ('query = "x"', "not a table"),
    "no checkpoint": ("[query]\nmax_tokens = 8", "names no checkpoint"),
    "unknown side": ('[query]\ncheckpoint = "x"\n[reader]\n', "unknown key 'reader'"),
    "misspelt key": ('[query]\ncheckpoint = "x"\npoolling = "cls"', "unknown key 'poolling'.*pooling"),
    "unknown pooling": ('[query]\ncheckpoint = "x"\npooling = "max"', "'max', not 'cls' or 'mean' or 'last'"),
    "tokens as text": ('[query]\ncheckpoint = "x"\nmax_tokens = "64"', "max_tokens is '64'"),
    "too few tokens": ('[query]\ncheckpoint = "x"\nmax_tokens = 2', "from 3 up"),
    "tokens as truth": ('[query]\ncheckpoint = "x"\nmax_tokens = true', "max_tokens is True"),
    "checkpoint as number": ("[query]\ncheckpoint = 5", "checkpoint is 5, not a text"),
    "mix out of range": ('rerank_mix = 2\n[query]\ncheckpoint = "x"', "rerank_mix is 2"),
    "two similarities": (
        '[query]\ncheckpoint = "x"\nsimilarity = "cosine"\n[article]\ncheckpoint = "x"',
        "similarity is 'cosine', that of .article. 'ip'",
    ),
    "empty name": ('name = ""\n[query]\ncheckpoint = "x"', "name is ''"),
}


@pytest.mark.parametrize(("text", "message"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_named(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "set.toml").write_text(text)
    with pytest.raises(BadSetFile, match=message):
        set_file.read(tmp_path)


def test_a_folder_without_one_says_so(tmp_path: Path) -> None:
    with pytest.raises(BadSetFile, match="no such file"):
        set_file.read(tmp_path)
