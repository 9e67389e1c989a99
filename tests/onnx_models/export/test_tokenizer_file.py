"""tokenizer.json made from vocab.txt, against transformers' own BertTokenizer."""

import json
from pathlib import Path

import pytest
import tokenizers

from onnx_models.drift_texts import PASSAGES, QUERIES
from onnx_models.errors import UnsupportedCheckpoint
from onnx_models.export import tokenizer_file
from onnx_models.manifest import sha256
from tests.onnx_models import checkpoints
from tests.onnx_models.checkpoints import TINY


@pytest.mark.parametrize(
    "options", [{}, {"do_lower_case": False}, {"strip_accents": True, "tokenize_chinese_chars": False}]
)
def test_a_tokenizer_made_from_vocab_txt_reads_as_transformers_does(tmp_path: Path, options: dict[str, bool]) -> None:
    transformers = pytest.importorskip("transformers")
    source = checkpoints.write(tmp_path / "source", tokenizer="vocab.txt")
    (source / "tokenizer_config.json").write_text(json.dumps(options))
    tokenizer_file.write(source, tmp_path, vocabulary=TINY.vocabulary)
    ours = tokenizers.Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    theirs = transformers.BertTokenizer(str(source / "vocab.txt"), **options)
    for title, abstract in [*PASSAGES, ("naïve 糖尿病 β-cells", "Ⅳ ﬁbrosis\u2028x")]:
        encoding = ours.encode(title, abstract)
        expected = theirs(title, abstract)
        assert encoding.ids == expected["input_ids"]
        assert encoding.type_ids == expected["token_type_ids"]


def test_what_stands_around_a_text_is_known_whatever_padding_is_stored(tmp_path: Path) -> None:
    """[CLS] is 2 and [SEP] is 3."""
    source = checkpoints.write(tmp_path / "source")
    stored = tokenizers.Tokenizer.from_file(str(source / "tokenizer.json"))
    stored.enable_padding(length=16)
    stored.save(str(source / "tokenizer.json"))
    assert tokenizer_file.around(source / "tokenizer.json") == (2, 3)


def test_a_tokenizer_json_is_kept_as_it_is(tmp_path: Path) -> None:
    source = checkpoints.write(tmp_path / "source")
    digest = tokenizer_file.write(source, tmp_path, vocabulary=TINY.vocabulary)
    assert digest == sha256(source / "tokenizer.json") == sha256(tmp_path / "tokenizer.json")


def test_the_same_words_read_otherwise_are_another_tokenizer(tmp_path: Path) -> None:
    source = checkpoints.write(tmp_path / "source", tokenizer="vocab.txt")
    lower = tokenizer_file.write(source, tmp_path, vocabulary=TINY.vocabulary)
    (source / "tokenizer_config.json").write_text('{"do_lower_case": false}')
    assert tokenizer_file.write(source, tmp_path, vocabulary=TINY.vocabulary) != lower


def test_every_query_is_tokenised_between_cls_and_sep(tmp_path: Path) -> None:
    source = checkpoints.write(tmp_path / "source", tokenizer="vocab.txt")
    tokenizer_file.write(source, tmp_path, vocabulary=TINY.vocabulary)
    tokenizer = tokenizers.Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    for query in QUERIES:
        tokens = tokenizer.encode(query).tokens
        assert (tokens[0], tokens[-1]) == ("[CLS]", "[SEP]")


def test_a_tokenizer_with_more_words_than_embeddings_is_refused(tmp_path: Path) -> None:
    source = checkpoints.write(tmp_path / "source")
    with pytest.raises(UnsupportedCheckpoint, match="20 token embeddings"):
        tokenizer_file.write(source, tmp_path, vocabulary=20)


def test_a_broken_tokenizer_is_refused(tmp_path: Path) -> None:
    source = checkpoints.write(tmp_path / "source")
    (source / "tokenizer.json").write_text('{"version": "1.0"}')
    with pytest.raises(UnsupportedCheckpoint, match="tokenizer cannot be read"):
        tokenizer_file.write(source, tmp_path, vocabulary=TINY.vocabulary)


def test_a_checkpoint_without_a_tokenizer_is_refused(tmp_path: Path) -> None:
    source = checkpoints.write(tmp_path / "source")
    (source / "tokenizer.json").unlink()
    with pytest.raises(UnsupportedCheckpoint, match=r"neither tokenizer\.json nor vocab\.txt"):
        tokenizer_file.write(source, tmp_path, vocabulary=TINY.vocabulary)


GARBLED = {
    "options are no JSON": ("tokenizer_config.json", b"{oops", "tokenizer_config.json is not JSON"),
    "options are no text": ("tokenizer_config.json", b"\xff", "tokenizer_config.json is not JSON"),
    "options are a list": ("tokenizer_config.json", b"[]", "not an object"),
    "an option is a text": ("tokenizer_config.json", b'{"do_lower_case": "maybe"}', "do_lower_case = 'maybe'"),
    "an option is null": ("tokenizer_config.json", b'{"do_lower_case": null}', "do_lower_case = None"),
    "words are not UTF-8": ("vocab.txt", b"[PAD]\n[UNK]\n\xe9\n", "vocab.txt is not UTF-8"),
    "no words": ("vocab.txt", b"", r"vocab.txt has no \[UNK\]"),
    "no [SEP]": ("vocab.txt", b"[UNK]\n[CLS]\na\n", r"vocab.txt has no \[SEP\]"),
}


@pytest.mark.parametrize(("file", "content", "said"), GARBLED.values(), ids=GARBLED)
def test_a_garbled_vocabulary_is_one_line(tmp_path: Path, file: str, content: bytes, said: str) -> None:
    source = checkpoints.write(tmp_path / "source", tokenizer="vocab.txt")
    (source / file).write_bytes(content)
    with pytest.raises(UnsupportedCheckpoint, match=said) as raised:
        tokenizer_file.write(source, tmp_path, vocabulary=TINY.vocabulary)
    assert "\n" not in str(raised.value)
