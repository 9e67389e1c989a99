"""The one format that training reads: queries, passages and which of them belong together, in a folder; no torch.

A folder holds the texts once each, the answers of each query by row number, and the examples scattered over shards, so
that an epoch reads all of them in a random order with one shard in memory:

    dataset.json                      format, kind, sizes, seed, fingerprint, and what came of each source and filter
    queries.text, passages.text       UTF-8, end to end; their .offsets say where each string ends
    positives.rows, negatives.rows    passages of each query by row; scores.values: a teacher's, where there are any
    pairs/00000.rows …                (query row, which of its positives), 16 bytes each
    lists/00000.rows …                query rows, 8 bytes each
    notes/                            files about the data, for people

All numbers are little-endian.
"""

from onnx_models.training.dataset.examples import KINDS, Kind, Pair, Passage, RankList
from onnx_models.training.dataset.reading import Dataset, open_dataset
from onnx_models.training.dataset.writing import DatasetWriter

__all__ = ["KINDS", "Dataset", "DatasetWriter", "Kind", "Pair", "Passage", "RankList", "open_dataset"]
