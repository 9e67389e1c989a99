"""An encoder that learns to re-rank by late interaction, by the very score of `onnx_models.late_interaction`."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import torch

from onnx_models import set_file
from onnx_models.set_file import SOURCE
from onnx_models.specs import ModelSet, ModelSpec
from onnx_models.tokenizer import Tokens
from onnx_models.tokenizer import padded as together
from onnx_models.training import checkpoint_folder
from onnx_models.training.towers import Tower

_WORST = -1.0
"""The smallest cosine: what padding counts as."""


class LateInput(NamedTuple):
    """A query and a passage, each as the encoder reads it."""

    query: Tokens
    passage: Tokens

    @property
    def length(self) -> int:
        """The longer of the two."""
        return max(len(self.query.ids), len(self.passage.ids))


class LateScorer:
    """One encoder for queries and articles, whose token states are compared."""

    def __init__(self, article: Tower, query: ModelSpec) -> None:
        """Take the encoder as it reads passages, and how it reads queries: prefix and max_tokens."""
        self._article, self._query = article, article.reading(query)

    @property
    def modules(self) -> Mapping[str, torch.nn.Module]:
        """The one network."""
        return {"encoder": self._article.network}

    def read(self, query: str, passages: Sequence[tuple[str, str]]) -> list[LateInput]:
        """One input a (title, abstract), in the order given."""
        (asked,) = self._query.read([query])
        return [LateInput(asked, passage) for passage in self._article.read(passages)]

    def score(self, inputs: Sequence[LateInput]) -> torch.Tensor:
        """The mean largest cosines, float32 of shape (n,); a query is encoded once for all its passages here."""
        queries = {id(one.query): one.query for one in inputs}
        rows = {key: row for row, key in enumerate(queries)}
        of_query = torch.tensor([rows[id(one.query)] for one in inputs], device=self._article.device)
        asked, asked_mask = self._states(list(queries.values()))
        passages, mask = self._states([one.passage for one in inputs])
        return maxsim(asked[of_query], asked_mask[of_query], passages, mask)

    def save(self, folder: Path) -> None:
        """Write the encoder, and set.toml with both sides, into a set's folder."""
        checkpoint_folder.put([self._article.to_save(folder / SOURCE / "encoder")])
        specs = (replace(tower.spec, checkpoint=f"{SOURCE}/encoder", revision=None) for tower in self._sides)
        query, article = specs
        before = set_file.read(folder) if (folder / set_file.FILE).is_file() else None
        name = folder.resolve().name if before is None else before.name
        cross, mix = (None, None) if before is None else (before.cross, before.rerank_mix)
        set_file.write(folder, ModelSet(name=name, query=query, article=article, cross=cross, rerank_mix=mix))

    def signature(self) -> Mapping[str, object]:
        """The weights that it began with and how it reads."""
        about: dict[str, object] = {"encoder.weights": self._article.weights_digest}
        for tower in self._sides:
            spec = tower.spec
            about |= {f"{spec.role}.{name}": getattr(spec, name) for name in ("max_tokens", "prefix", "layout")}
        return about

    @property
    def _sides(self) -> tuple[Tower, Tower]:
        return self._query, self._article

    def _states(self, texts: Sequence[Tokens]) -> tuple[torch.Tensor, torch.Tensor]:
        """Token states, (texts, longest, hidden), and true for each token, (texts, longest)."""
        batch = together(texts, range(len(texts)))
        return self._article.states(batch), torch.from_numpy(batch.mask == 1).to(self._article.device)


def maxsim(queries: torch.Tensor, query_mask: torch.Tensor, passages: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """The mean over query tokens of the largest cosine with any passage token, shape (pairs,).

    MaxSim (Khattab and Zaharia, SIGIR 2020) with a mean for the sum; [CLS] and [SEP] take part like any token.

    Args:
        queries: (pairs, query tokens, hidden), of any length.
        query_mask: true for a token, shape (pairs, query tokens).
        passages: (pairs, passage tokens, hidden), of any length.
        mask: true for a token, shape (pairs, passage tokens).
    """
    unit = torch.nn.functional.normalize
    cosines = unit(passages.float(), dim=-1) @ unit(queries.float(), dim=-1).transpose(1, 2)
    best = cosines.masked_fill(~mask[:, :, None], _WORST).amax(dim=1)
    return (best * query_mask).sum(dim=1) / query_mask.sum(dim=1)
