"""Where log lines go: stderr, warnings by default. The only place that configures logging."""

import logging
import sys


def configure(verbosity: int) -> None:
    """0: warnings and errors; 1: what is being done; 2: everything."""
    level = {0: logging.WARNING, 1: logging.INFO}.get(verbosity, logging.DEBUG)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s" if verbosity else "%(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
