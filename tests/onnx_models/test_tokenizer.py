from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from onnx_models.errors import BadTokenizer
from onnx_models.specs import ModelSpec
from onnx_models.tokenizer import WINDOW, TextTokenizer, Tokens, cut_batches
from tests.onnx_models import checkpoints

CLS, SEP = 2, 3
CONCAT = ModelSpec(name="test-article", role="article", checkpoint="test", max_tokens=16)
PAIR = replace(CONCAT, layout="pair")
IDS = {word: number for number, word in enumerate(checkpoints.vocabulary())}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkpoints.write(tmp_path_factory.mktemp("checkpoint")) / "tokenizer.json"


def tokens(file: Path, spec: ModelSpec, *texts: str | tuple[str, str]) -> list[Tokens]:
    windows = TextTokenizer(file, spec, max_positions=512).windows(texts)
    return [text for window in windows for text in window]


def words(*names: str) -> list[int]:
    return [IDS[name] for name in names]


def test_a_passage_is_title_and_abstract_joined_by_the_separator(file: Path) -> None:
    (passage,) = tokens(file, replace(CONCAT, separator=" - "), ("heart", "disease"))
    assert passage.ids == [CLS, *words("heart", "-", "disease"), SEP]
    assert passage.segments == [0] * 5


@pytest.mark.parametrize("passage", [("heart", ""), ("", "heart")])
def test_a_missing_part_leaves_no_stray_separator(file: Path, passage: tuple[str, str]) -> None:
    (read,) = tokens(file, replace(CONCAT, separator=" - "), passage)
    assert read.ids == [CLS, IDS["heart"], SEP]


def test_the_prefix_comes_before_queries_and_passages(file: Path) -> None:
    spec = replace(CONCAT, prefix="study: ".replace(":", "."))
    query, passage = tokens(file, spec, "heart", ("blood", "pressure"))
    assert query.ids == [CLS, *words("study", ".", "heart"), SEP]
    assert passage.ids == [CLS, *words("study", ".", "blood", "pressure"), SEP]


def test_a_pair_has_two_segments_also_when_a_part_is_empty(file: Path) -> None:
    """MedCPT's article encoder: `[CLS] title [SEP] abstract [SEP]`, segments 0 and 1."""
    full, no_abstract, no_title, nothing = tokens(
        file, PAIR, ("heart", "disease"), ("heart", ""), ("", "disease"), ("", "")
    )
    assert full == ([CLS, IDS["heart"], SEP, IDS["disease"], SEP], [0, 0, 0, 1, 1])
    assert no_abstract == ([CLS, IDS["heart"], SEP, SEP], [0, 0, 0, 1])
    assert no_title == ([CLS, SEP, IDS["disease"], SEP], [0, 0, 1, 1])
    assert nothing == ([CLS, SEP, SEP], [0, 0, 1])


def test_a_plain_text_is_one_segment_under_the_pair_layout_too(file: Path) -> None:
    assert tokens(file, PAIR, "heart") == [([CLS, IDS["heart"], SEP], [0, 0, 0])]


def test_the_longer_part_of_a_pair_is_cut_first(file: Path) -> None:
    """16 tokens less 3 special ones: the title keeps its 2 words, the abstract gets the other 11."""
    (cut,) = tokens(file, PAIR, ("heart disease", "blood " * 50))
    assert cut.ids == [CLS, *words("heart", "disease"), SEP, *[IDS["blood"]] * 11, SEP]


def test_query_and_passage_are_one_pair_for_a_cross_encoder(file: Path) -> None:
    tokenizer = TextTokenizer(file, CONCAT, max_positions=512)
    (window,) = tokenizer.pair_windows("heart", [("blood", "pressure"), ("", "pressure")])
    assert window[0] == ([CLS, IDS["heart"], SEP, *words("blood", "pressure"), SEP], [0, 0, 0, 1, 1, 1])
    assert window[1] == ([CLS, IDS["heart"], SEP, IDS["pressure"], SEP], [0, 0, 0, 1, 1])


def test_truncation_and_padding_stored_in_the_file_do_not_count(file: Path, tmp_path: Path) -> None:
    """all-MiniLM-L6-v2's tokenizer.json pads and cuts every text to 128."""
    stored = Tokenizer.from_file(str(file))
    stored.enable_truncation(4)
    stored.enable_padding(length=4)
    stored.save(str(tmp_path / "tokenizer.json"))
    (short,) = tokens(tmp_path / "tokenizer.json", CONCAT, "heart")
    (long,) = tokens(tmp_path / "tokenizer.json", CONCAT, "heart " * 50)
    assert len(short.ids) == 3
    assert len(long.ids) == 16


def test_no_text_is_longer_than_the_model_has_positions(file: Path) -> None:
    tokenizer = TextTokenizer(file, replace(CONCAT, max_tokens=512), max_positions=8)
    (window,) = tokenizer.windows(["heart " * 50])
    assert len(window[0].ids) == 8


@given(st.text(alphabet="abc \t\nβ酶.-", max_size=2000), st.integers(4, 40))
def test_cutting_a_long_text_first_gives_the_tokens_of_the_whole(file: Path, text: str, limit: int) -> None:
    whole = Tokenizer.from_file(str(file))
    whole.enable_truncation(limit)
    (read,) = tokens(file, replace(CONCAT, max_tokens=limit), text)
    assert read.ids == whole.encode(text).ids


def test_a_text_that_is_mostly_blank_is_read_to_its_words(file: Path) -> None:
    (read,) = tokens(file, CONCAT, " " * 100_000 + "heart disease")
    assert read.ids == [CLS, *words("heart", "disease"), SEP]


def test_texts_that_are_cut_are_told(file: Path) -> None:
    """16 tokens less [CLS] and [SEP]: 14 words fit, whatever blanks follow them."""
    tokenizer = TextTokenizer(file, CONCAT, max_positions=512)
    fits = "heart " * 14
    texts = ["", "heart", fits, fits + " " * 1000, fits + "disease", fits + " " * 1000 + "disease"]
    assert tokenizer.truncated(texts) == [False, False, False, False, True, True]


@given(st.lists(st.text(alphabet="ab \tβ.-", max_size=1200), min_size=2, max_size=2), st.integers(4, 40))
def test_cutting_the_parts_of_a_pair_first_gives_the_tokens_of_the_whole(
    file: Path, parts: list[str], limit: int
) -> None:
    whole = Tokenizer.from_file(str(file))
    whole.enable_truncation(limit, strategy="longest_first")
    title, abstract = parts
    (read,) = tokens(file, replace(PAIR, max_tokens=limit), (title, abstract))
    assert read.ids == whole.encode(title, abstract).ids


def test_a_long_title_of_few_tokens_leaves_its_room_to_the_abstract(file: Path) -> None:
    """16 tokens less 3 special ones: the title's 2 words stand far apart, the abstract gets the other 11."""
    (read,) = tokens(file, PAIR, ("heart" + " " * 1000 + "disease", "blood " * 200))
    assert read.ids == [CLS, *words("heart", "disease"), SEP, *[IDS["blood"]] * 11, SEP]


def test_a_file_that_is_no_tokenizer_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(BadTokenizer, match=r"tokenizer\.json"):
        TextTokenizer(tmp_path / "tokenizer.json", CONCAT, max_positions=512)


@given(st.lists(st.integers(1, 300), max_size=60), st.integers(1, 1000))
def test_batches_hold_every_text_once_within_the_budget(lengths: list[int], budget: int) -> None:
    window = [Tokens([number] * length, [0] * length) for number, length in enumerate(lengths, start=7)]
    rows: list[int] = []
    for batch in cut_batches(window, budget):
        assert batch.ids.size <= budget or len(batch.ids) == 1
        assert batch.ids.shape == batch.mask.shape == batch.segments.shape
        for row, ids, mask in zip(batch.rows, batch.ids, batch.mask, strict=True):
            assert ids[mask == 1].tolist() == window[row].ids
            assert not ids[mask == 0].any()
        rows += batch.rows.tolist()
    assert sorted(rows) == list(range(len(window)))


def test_texts_of_like_length_share_a_batch() -> None:
    window = [Tokens([9] * length, [0] * length) for length in (3, 10, 3, 10)]
    batches = list(cut_batches(window, 20))
    assert [batch.rows.tolist() for batch in batches] == [[1, 3], [0, 2]]
    assert all(batch.mask.all() for batch in batches)


def test_a_stream_is_tokenised_a_window_at_a_time(file: Path) -> None:
    tokenizer = TextTokenizer(file, CONCAT, max_positions=512)
    sizes = [len(window) for window in tokenizer.windows(["heart"] * (2 * WINDOW + 1))]
    assert sizes == [WINDOW, WINDOW, 1]
