"""What a cross-encoder is given, token by token, against inputs put together by hand."""

from dataclasses import replace
from pathlib import Path

import pytest
import tokenizers

from onnx_models.errors import UnsuitableModel
from onnx_models.specs import ModelSpec
from onnx_models.training.layouts import Fixed32, Packed, PairTokens, padded

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "does", "garlic", "help", "snails", "trial", "of", "the"]
PAD, _, CLS, SEP, _, DOES, GARLIC, HELP, SNAILS, TRIAL, OF, THE = range(12)
SPEC = ModelSpec(name="toy-cross", role="cross", checkpoint="toy", max_tokens=512)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tokenizer") / "tokenizer.json"
    tokenizers.BertWordPieceTokenizer({word: row for row, word in enumerate(WORDS)}).save(str(path))
    return path


def test_packed_puts_the_passage_right_after_the_query(file: Path) -> None:
    (tokens,) = Packed(file, SPEC, 512).read("does garlic help", [("Garlic", "the trial of snails")])
    assert tokens.ids == [CLS, DOES, GARLIC, HELP, SEP, GARLIC, THE, TRIAL, OF, SNAILS, SEP]
    assert tokens.segments == [0] * 5 + [1] * 6
    assert tokens.mask == [1] * 11


def test_fixed32_starts_every_passage_at_position_32(file: Path) -> None:
    layout = Fixed32(file, SPEC, 512)
    (short,) = layout.read("does garlic help", [("Garlic", "the trial of snails")])
    assert short.ids == [CLS, DOES, GARLIC, HELP, SEP] + [PAD] * 27 + [GARLIC, THE, TRIAL, OF, SNAILS, SEP]
    assert short.segments == [0] * 32 + [1] * 6
    assert short.mask == [1] * 5 + [0] * 27 + [1] * 6
    (long,) = layout.read("garlic " * 31 + "snails", [("the", "")])
    assert long.ids == [CLS] + [GARLIC] * 30 + [SEP, THE, SEP]
    assert long.mask == [1] * 34


def test_fixed32_keeps_479_tokens_of_a_passage_of_512(file: Path) -> None:
    (tokens,) = Fixed32(file, SPEC, 512).read("help", [("Snails " * 300, "trial " * 300)])
    assert tokens.ids[32:] == [SNAILS] * 300 + [TRIAL] * 179 + [SEP]
    assert len(tokens.ids) == 512


def test_fixed32_has_less_room_where_the_model_reads_less(file: Path) -> None:
    (tokens,) = Fixed32(file, replace(SPEC, max_tokens=40), 512).read("help", [("snails " * 20, "")])
    assert tokens.ids[32:] == [SNAILS] * 7 + [SEP]


def test_fixed32_refuses_a_model_too_short_for_a_passage(file: Path) -> None:
    with pytest.raises(UnsuitableModel, match="it reads 33 tokens"):
        Fixed32(file, SPEC, 33)


def test_fixed32_refuses_a_tokenizer_without_cls_and_sep(tmp_path: Path) -> None:
    plain = tokenizers.Tokenizer(tokenizers.models.WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
    plain.save(str(tmp_path / "tokenizer.json"))
    with pytest.raises(UnsuitableModel, match=r"needs \[CLS\] and \[SEP\]"):
        Fixed32(tmp_path / "tokenizer.json", SPEC, 512)


def test_a_batch_is_as_long_as_its_longest_input() -> None:
    short, long = PairTokens([2, 3], [0, 1], [1, 1]), PairTokens([2, 0, 9], [0, 0, 1], [1, 0, 1])
    batch = padded([short, long])
    assert batch.ids.tolist() == [[2, 3, 0], [2, 0, 9]]
    assert batch.segments.tolist() == [[0, 1, 0], [0, 0, 1]]
    assert batch.mask.tolist() == [[1, 1, 0], [1, 0, 1]]
