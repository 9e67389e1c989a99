"""Late interaction while it learns, against a loop over tokens and against what searching computes."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from onnx_models import load_reranker, set_file  # noqa: E402
from onnx_models.export import export_set  # noqa: E402
from onnx_models.installed import load  # noqa: E402
from onnx_models.specs import KNOWN_SETS  # noqa: E402
from onnx_models.training.late import LateScorer, maxsim  # noqa: E402
from onnx_models.training.towers import Tower  # noqa: E402
from tests.onnx_models import checkpoints  # noqa: E402

MINILM = replace(KNOWN_SETS["minilm"], name="start")
PASSAGES = [("Aspirin after stroke", "A trial in women."), ("Diet", ""), ("Sleep and risk of stroke", "")]


def test_maxsim_is_the_mean_of_largest_cosines_among_tokens() -> None:
    torch.manual_seed(0)
    queries, passages = torch.randn(2, 3, 5), torch.randn(2, 4, 5)
    query_mask = torch.tensor([[True, True, True], [True, False, False]])
    mask = torch.tensor([[True, True, False, False], [True, True, True, True]])
    found = maxsim(queries, query_mask, passages, mask)
    for pair in range(2):
        asked, said = queries[pair][query_mask[pair]], passages[pair][mask[pair]]
        best = [max(torch.cosine_similarity(token, other, dim=0).item() for other in said) for token in asked]
        assert found[pair].item() == pytest.approx(sum(best) / len(best), abs=1e-6)


def opened(folder: Path) -> LateScorer:
    checkpoint = checkpoints.write(folder / "source", replace(checkpoints.TINY, positions=128))
    return LateScorer(Tower(MINILM.article, checkpoint, device=torch.device("cpu")), MINILM.query)


def test_a_batch_of_several_queries_scores_each_pair_as_alone(tmp_path: Path) -> None:
    scorer = opened(tmp_path)
    scorer.modules["encoder"].eval()
    inputs = scorer.read("aspirin stroke", PASSAGES) + scorer.read("the insulin trial in children", PASSAGES)
    with torch.no_grad():
        alone = [scorer.score([one]).item() for one in inputs]
        assert scorer.score(inputs).tolist() == pytest.approx(alone, abs=1e-5)


@pytest.mark.slow
def test_a_saved_encoder_scores_the_same_when_searching(tmp_path: Path) -> None:
    scorer = opened(tmp_path)
    scorer.modules["encoder"].eval()
    with torch.no_grad():
        expected = scorer.score(scorer.read("aspirin stroke", PASSAGES)).tolist()
    out = tmp_path / "mine"
    out.mkdir()
    scorer.save(out)
    assert set_file.read(out).tied
    export_set(out)
    reranker = load_reranker(load(out), "late")
    assert reranker is not None
    np.testing.assert_allclose(reranker.score("aspirin stroke", PASSAGES), expected, atol=1e-4)
