"""Checkpoints to verified ONNX graphs, by two routes."""

from onnx_models.export.job import Route, export_model
from onnx_models.export.sets import Parity, export_set, export_sides, is_current, source_folder, verify_set

__all__ = [
    "Parity",
    "Route",
    "export_model",
    "export_set",
    "export_sides",
    "is_current",
    "source_folder",
    "verify_set",
]
