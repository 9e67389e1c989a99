"""The folder of one test run, where its nodes live; what a killed run left is ended and removed by the next one."""

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from tests.opensearch import locks

_OWNER = "owner.lock"


class RunFolder:
    """A new folder under `cache/runs`, ours for as long as this process lives; `close` removes it."""

    def __init__(self, cache: Path) -> None:
        runs = cache / "runs"
        runs.mkdir(exist_ok=True)
        self._gate = cache / "runs.lock"
        with locks.wait_for(self._gate):
            for left in runs.iterdir():
                _remove_if_left(left)
            self.path = Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=runs))
            self.path.chmod(0o755)  # the user that nodes run as must get through
            self._owner = locks.take(self.path / _OWNER, wait=False)

    def close(self) -> None:
        with locks.wait_for(self._gate):  # or a run that begins now would look into a folder that is going
            if self._owner is not None:
                self._owner.close()
            shutil.rmtree(self.path, ignore_errors=True)


def _remove_if_left(run: Path) -> None:
    """End the nodes of a run whose process is gone and remove its folder; leave that of a living one alone."""
    owner = locks.take(run / _OWNER, wait=False)
    if owner is None:
        return
    with owner:
        for file in run.glob("*/pid"):
            _end(int(file.read_text(encoding="utf-8")), running_from=file.parent)
        shutil.rmtree(run, ignore_errors=True)


def _end(pid: int, *, running_from: Path) -> None:
    """Kill a node that outlived its run, unless the number belongs to another process by now."""
    command = ["ps", "-ww", "-o", "command=", "-p", str(pid)]
    listed = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    if str(running_from) in listed:
        os.kill(pid, signal.SIGKILL)
