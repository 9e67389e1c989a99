"""Run the real command in a process of its own."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path


def biocpt(
    *arguments: str | Path, environment: Mapping[str, str] | None = None, timeout: float = 300
) -> subprocess.CompletedProcess[str]:
    """What `biocpt ARGUMENTS` answers, without any BIOCPT_* of the caller's environment."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("BIOCPT_")}
    clean |= {"XDG_CONFIG_HOME": os.devnull, "NO_COLOR": "1", **(environment or {})}
    command = [sys.executable, "-c", "from search.cli import main; main()", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=clean, timeout=timeout, check=False)
