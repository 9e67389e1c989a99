"""What tests of commands share."""

from tests.search.cli.in_process import biocpt

__all__ = ["biocpt"]
