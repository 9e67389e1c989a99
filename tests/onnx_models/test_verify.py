"""The inputs that graphs are compared on."""

from dataclasses import replace

from onnx_models import verify
from onnx_models.verify import InputRange

RANGE = InputRange(vocabulary=160, token_types=2, max_length=128, around=(2, 3))


def test_every_row_has_the_special_tokens_where_a_pair_has_them() -> None:
    for feed in verify.feeds(RANGE):
        for ids, mask, segments in zip(feed["input_ids"], feed["attention_mask"], feed["token_type_ids"], strict=True):
            count = int(mask.sum())
            text = ids[:count].tolist()
            assert text[0] == 2
            if count > 3:
                first = int((segments[:count] == 0).sum())
                assert [place for place, token in enumerate(text) if token == 3] == [first - 1, count - 1]
            assert not ids[count:].any()


def test_a_model_that_reads_no_segments_gets_none() -> None:
    for feed in verify.feeds(replace(RANGE, token_types=0)):
        assert not feed["token_type_ids"].any()
