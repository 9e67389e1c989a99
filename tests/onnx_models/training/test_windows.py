"""A window's loss and gradients against plain PyTorch, whatever is held in memory at once."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from onnx_models.training import windows  # noqa: E402
from onnx_models.training.draws import Group  # noqa: E402
from onnx_models.training.layouts import PairTokens, padded  # noqa: E402
from onnx_models.training.list_loss import ListLoss  # noqa: E402


class WordScorer:
    """A small scorer: the mean of word vectors, a tanh layer, one number."""

    def __init__(self, *, dropout: float = 0.0) -> None:
        torch.manual_seed(7)
        self.words = torch.nn.Embedding(20, 6)
        self.top = torch.nn.Sequential(torch.nn.Dropout(dropout), torch.nn.Linear(6, 5), torch.nn.Tanh())
        self.last = torch.nn.Linear(5, 1)
        self.unused = torch.nn.Linear(5, 2)  # as the pooler is of an encoder whose token states are compared
        self.most_tokens = 0

    @property
    def modules(self) -> Mapping[str, Any]:
        return {"words": self.words, "top": self.top, "last": self.last, "unused": self.unused}

    def read(self, query: str, passages: Sequence[tuple[str, str]]) -> list[PairTokens]:
        ids = [[len(word) for word in f"{query} {title} {abstract}".split()] for title, abstract in passages]
        return [PairTokens(row, [0] * len(row), [1] * len(row)) for row in ids]

    def score(self, inputs: Sequence[PairTokens]) -> Any:
        batch = padded(inputs)
        self.most_tokens = max(self.most_tokens, batch.ids.size)
        mask = torch.from_numpy(batch.mask)[:, :, None].float()
        mean = (self.words(torch.from_numpy(batch.ids)) * mask).sum(dim=1) / mask.sum(dim=1)
        return self.last(self.top(mean))[:, 0]

    def save(self, folder: Path) -> None:
        torch.save(self.words.state_dict(), folder / "words.pt")

    def signature(self) -> Mapping[str, object]:
        return {}

    def gradients(self) -> list[Any]:
        weights = [weight for module in self.modules.values() for weight in module.parameters()]
        found = [weight.grad for weight in weights if weight.grad is not None]
        for module in self.modules.values():
            module.zero_grad(set_to_none=True)
        return found


def window(scorer: WordScorer, *, taught: bool = False) -> list[Group[PairTokens]]:
    """Three queries with 4, 2 and 3 passages of different lengths, after 1, 3 and 6 clicks."""
    texts = {
        "one": ["a bb ccc", "dddd", "eeeee ff g hhhhhhhh iiiiiiiii", "a"],
        "seven words": ["ccc bb", "a a a a a dddd"],
        "aa b": ["ffffff", "ggggggg bb a", "eeeee eeeee"],
    }
    return [
        Group(
            inputs=scorer.read(query, [(passage, "") for passage in passages]),
            clicks=clicks,
            teacher=tuple(math.sin(3 * row + clicks) for row in range(len(passages))) if taught else None,
        )
        for (query, passages), clicks in zip(texts.items(), (1, 3, 6), strict=True)
    ]


class GivenScores(WordScorer):
    """Scores that are weights themselves: the id of an input's only token says which."""

    def __init__(self, scores: Sequence[float]) -> None:
        super().__init__()
        self.given = torch.nn.Parameter(torch.tensor(scores))

    def score(self, inputs: Sequence[PairTokens]) -> Any:
        return torch.stack([self.given[tokens.ids[0]] for tokens in inputs])


def test_a_window_by_hand() -> None:
    """Scores (ln 2, 0, 0) after 1 click: a loss of ln 2, weight 1. Scores (0, ln 3) after 3: ln 4, weight 2.

    The window: (1 · ln 2 + 2 · ln 4) / 3 = 5/3 ln 2. By score, softmax less 1 for the positive, by weight over 3:
    (1/2 - 1, 1/4, 1/4) / 3 and (1/4 - 1, 3/4) · 2 / 3.
    """
    scorer = GivenScores([math.log(2), 0, 0, 0, math.log(3)])
    first, second = ([PairTokens([row], [0], [1]) for row in rows] for rows in ((0, 1, 2), (3, 4)))
    groups = [Group(inputs=first, clicks=1, teacher=None), Group(inputs=second, clicks=3, teacher=None)]
    loss = windows.backward(groups, scorer, ListLoss(), tokens=8)
    assert loss == pytest.approx(5 / 3 * math.log(2), abs=1e-6)
    assert scorer.given.grad is not None
    assert scorer.given.grad.tolist() == pytest.approx([-1 / 6, 1 / 12, 1 / 12, -1 / 2, 1 / 2], abs=1e-6)


def plain(scorer: WordScorer, lists: list[Group[PairTokens]]) -> Any:
    """Section 1.3's formula, written out one query at a time with PyTorch's own cross-entropy."""
    total, weights = torch.zeros(()), 0.0
    for group in lists:
        logits = torch.stack([scorer.score([tokens])[0] for tokens in group.inputs])
        weight = math.log(group.clicks + 1, 2)
        total = total + weight * torch.nn.functional.cross_entropy(logits[None], torch.tensor([0]))
        weights += weight
    return total / weights


@pytest.mark.parametrize("tokens", [1, 12, 30, 10_000])
def test_loss_and_gradients_are_those_of_plain_pytorch(tokens: int) -> None:
    scorer = WordScorer()
    lists = window(scorer)
    expected = plain(scorer, lists)
    expected.backward()
    wanted = scorer.gradients()
    loss = windows.backward(lists, scorer, ListLoss(), tokens=tokens)
    assert loss == pytest.approx(expected.item(), abs=1e-6)
    for found, gradient in zip(scorer.gradients(), wanted, strict=True):
        torch.testing.assert_close(found, gradient, atol=1e-6, rtol=0)


def test_no_more_tokens_are_held_than_allowed() -> None:
    scorer = WordScorer()
    windows.backward(window(scorer), scorer, ListLoss(), tokens=12)
    assert scorer.most_tokens <= 12


def test_clicks_and_margins_add_up_by_their_shares() -> None:
    scorer = WordScorer()
    lists = window(scorer, taught=True)
    margins, weights = torch.zeros(()), 0.0
    for group in lists:
        assert group.teacher is not None
        logits = torch.stack([scorer.score([tokens])[0] for tokens in group.inputs])
        teacher = torch.tensor(group.teacher) * 2
        error = torch.nn.functional.mse_loss(logits[0] - logits[1:], teacher[0] - teacher[1:])
        margins = margins + math.log(group.clicks + 1, 2) * error
        weights += math.log(group.clicks + 1, 2)
    expected = 0.3 * plain(scorer, lists) + 0.7 * margins / weights
    expected.backward()
    wanted = scorer.gradients()
    loss = ListLoss(distillation="margin-mse", share=0.7, teacher_scale=2)
    assert windows.backward(lists, scorer, loss, tokens=20) == pytest.approx(expected.item(), abs=1e-6)
    for found, gradient in zip(scorer.gradients(), wanted, strict=True):
        torch.testing.assert_close(found, gradient, atol=1e-6, rtol=0)


def test_a_list_scored_in_parts_has_one_dropout() -> None:
    """In parts of one input each, all gradients are those of one pass that draws the same numbers."""
    scorer = WordScorer(dropout=0.5)
    (lists, *_) = window(scorer)
    torch.manual_seed(3)
    windows.backward([lists], scorer, ListLoss(), tokens=1)
    found = scorer.gradients()
    torch.manual_seed(3)
    longest_first = sorted(lists.inputs, key=lambda tokens: -tokens.length)
    scores = {id(tokens): scorer.score([tokens])[0] for tokens in longest_first}
    logits = torch.stack([scores[id(tokens)] for tokens in lists.inputs])
    torch.nn.functional.cross_entropy(logits[None], torch.tensor([0])).backward()
    for gradient, wanted in zip(found, scorer.gradients(), strict=True):
        torch.testing.assert_close(gradient, wanted, atol=1e-6, rtol=0)


def test_temperature_sharpens_the_softmax() -> None:
    scorer = WordScorer()
    (lists, *_) = window(scorer)
    logits = torch.stack([scorer.score([tokens])[0] for tokens in lists.inputs]) / 0.1
    expected = torch.nn.functional.cross_entropy(logits[None], torch.tensor([0])).item()
    assert windows.backward([lists], scorer, ListLoss(temperature=0.1), tokens=9) == pytest.approx(expected, abs=1e-6)
