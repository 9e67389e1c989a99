"""Where log lines go: stderr, warnings by default. The only place that configures logging."""

import logging
import os
import sys
from typing import TextIO

_LIBRARIES = dict.fromkeys(("opensearch", "urllib3", "boto3", "botocore", "uvicorn.error", "asyncio"), logging.INFO)
"""Loggers of a cluster's libraries and a server's, and what is the least that they say: their debugging shows whole
requests, and of AWS what signs them. Without -v they only say errors, as what a failure means is told by our own."""


class _Lines(logging.StreamHandler[TextIO]):
    """Writes to what `sys.stderr` is at that moment: while a bar is drawn, that puts lines above it."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one."""
        self.setStream(sys.stderr)
        super().emit(record)


def configure(verbosity: int) -> None:
    """0: warnings and errors; 1: what is being done; 2: everything."""
    level = {0: logging.WARNING, 1: logging.INFO}.get(verbosity, logging.DEBUG)
    handler = _Lines(sys.stderr)
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s" if verbosity else "%(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    os.environ.setdefault("LANCE_LOG", "warn" if verbosity else "error")  # it reads that when it is imported, later
    for library, least in _LIBRARIES.items():
        logging.getLogger(library).setLevel(max(level, least) if verbosity else logging.ERROR)
