"""A peer at work in a process and an environment of its own: a line goes to its stdin, an answer comes back."""

import json
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from benchmarks.environments import NotRun, reason

SCRIPTS = Path(__file__).parent / "peers"


class Peer:
    """An open peer, warmed up; `versions` are those of its packages."""

    def __init__(self, process: "subprocess.Popen[str]", said: Path) -> None:
        self._process = process
        self._said = said
        self.versions: Mapping[str, str] = self._answer()["versions"]

    def ask(self, question: object = None) -> dict[str, Any]:
        """Its answer to one question."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # what it said before it ended tells more
            print(json.dumps(question), file=self._process.stdin, flush=True)
        return self._answer()

    def seconds(self) -> float:
        """Those of one run, by its own clock."""
        return float(self.ask()["seconds"])

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("{"):  # libraries print what they like
                answer: dict[str, Any] = json.loads(line)
                return answer
        self._process.wait()
        raise NotRun(reason(self._said.read_text(encoding="utf-8", errors="replace")))


@contextmanager
def opened(python: str, script: str, *arguments: object) -> Iterator[Peer]:
    """Run peers/SCRIPT by the interpreter.

    Raises:
        NotRun: it ends before it is ready, or before it answers.
    """
    with tempfile.TemporaryDirectory() as folder:
        said = Path(folder) / "stderr"
        with said.open("w", encoding="utf-8") as stderr:
            process = subprocess.Popen(
                [python, str(SCRIPTS / script), *map(str, arguments)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
            )
            try:
                yield Peer(process, said)
            finally:
                process.kill()
                process.communicate()


def once(python: str, script: str, *arguments: object) -> None:
    """Run peers/SCRIPT to its end.

    Raises:
        NotRun: it fails.
    """
    command = [python, str(SCRIPTS / script), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotRun(reason(done.stderr))
