"""One OpenSearch process of our own: start, stop, kill, restart, suspend."""

import atexit
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import urllib3

from tests.opensearch import launch
from tests.opensearch.recipe import Distribution
from tests.opensearch.server import Identity, Refusal, Server

_PATIENCE = 600.0  # seconds; a start takes 10 to 30, and 100 were seen where others took the processors

_PORTS = range(20000, 32000)

_LOGGING = """appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = [%d{ISO8601}][%-5p][%c{1.}] %m%n
rootLogger.level = info
rootLogger.appenderRef.console.ref = console
"""


class NodeFailed(Exception):
    """A node ended or gave no sign in time; the message shows the last lines of its log."""


class Node(Server):
    """A node with a folder, ports and settings of its own, which its restarts keep.

    It dies with the thread that started it, so that a killed test run leaves none behind (on Linux).
    As the server refuses to run as root, it is then `nobody` who runs it.
    """

    def __init__(
        self,
        distribution: Distribution,
        folder: Path,
        *,
        heap: str = "512m",
        settings: Mapping[str, object] | None = None,
        identity: Identity | None = None,
    ) -> None:
        http, transport = free_ports(2)
        url = f"{'https' if identity and identity.ca else 'http'}://127.0.0.1:{http}"
        super().__init__(distribution.version, url, identity=identity)
        self.folder = folder
        self.transport = f"127.0.0.1:{transport}"
        self.heap = heap
        self.distribution = distribution
        self.settings: dict[str, object] = {
            "cluster.name": f"tests-{os.getpid()}",
            "node.name": folder.name,
            "path.data": str(folder / "data"),
            "path.logs": str(folder / "logs"),
            "network.host": "127.0.0.1",
            "http.port": http,
            "transport.port": transport,
            "discovery.type": "single-node",
            "cluster.routing.allocation.disk.threshold_enabled": False,
            **(settings or {}),
        }
        self._process: subprocess.Popen[bytes] | None = None
        _lay_out(folder, distribution.home)

    @property
    def pid(self) -> int | None:
        """None unless it runs."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    @property
    def died(self) -> bool:
        """Whether it ended, or was killed, without being asked to by `stop` or `kill`."""
        return self._process is not None and self._process.poll() is not None

    def start(self) -> None:
        """Launch it and wait until it answers."""
        self.launch()
        self.wait()

    def launch(self) -> None:
        """Begin to start it; `wait` says when it answers."""
        if self.pid is not None:
            raise RuntimeError(f"The node in '{self.folder}' runs already.")
        (self.folder / "config" / "opensearch.yml").write_text(
            "".join(f"{name}: {json.dumps(value)}\n" for name, value in self.settings.items()), encoding="utf-8"
        )
        user, group = _unprivileged()
        _hand_over(self.folder, user, group)
        command = [sys.executable, "-I", launch.__file__, *map(str, (os.getpid(), user, group))]
        with (self.folder / "out.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*command, str(self.distribution.home / "bin" / "opensearch")],
                env=self._environment(),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        atexit.register(self.kill)
        (self.folder / "pid").write_text(str(self._process.pid), encoding="utf-8")

    def wait(self, status: str = "yellow", *, nodes: int = 1, patience: float = _PATIENCE) -> None:
        """Wait, in seconds, until the cluster of that many nodes has that health.

        Raises:
            NodeFailed: it ended, or the time is over.
        """
        self.await_answer(f"/_cluster/health?wait_for_status={status}&wait_for_nodes={nodes}&timeout=2s", patience)

    def await_answer(self, path: str, patience: float = _PATIENCE) -> None:
        """Ask until the answer is no error; see `wait`."""
        until = time.monotonic() + patience
        last: Exception | None = None
        while time.monotonic() < until:
            if self.pid is None:
                raise NodeFailed(f"OpenSearch {self.version} ended while it started. Its log:\n{self.log()}")
            try:
                self.ask("GET", path, timeout=5)
            except (Refusal, urllib3.exceptions.HTTPError) as error:
                last = error
                time.sleep(0.2)
            else:
                return
        raise NodeFailed(f"OpenSearch {self.version} was not ready in {patience:.0f} s: {last}. Its log:\n{self.log()}")

    def stop(self) -> None:
        """End it in good order; kill it if that takes longer than 30 seconds."""
        if self.pid is not None and self._process is not None:
            self.resume()
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(30)
        self.kill()

    def kill(self) -> None:
        """`kill -9`, and wait until it is gone; nothing where it does not run."""
        process, self._process = self._process, None
        atexit.unregister(self.kill)
        if process is not None and process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def restart(self) -> None:
        """Start it again on the same data and ports, stopping it first if it runs."""
        self.stop()
        self.start()

    def suspend(self) -> None:
        """Let it hang: connections stay open and nothing is answered until `resume`."""
        os.kill(self._running(), signal.SIGSTOP)

    def resume(self) -> None:
        os.kill(self._running(), signal.SIGCONT)

    def log(self, lines: int = 40) -> str:
        """The last lines of its log."""
        text = (self.folder / "out.log").read_text(encoding="utf-8", errors="replace")
        return "\n".join(text.splitlines()[-lines:])

    def _running(self) -> int:
        if self.pid is None:
            raise NodeFailed(f"The node in '{self.folder}' does not run.")
        return self.pid

    def _environment(self) -> dict[str, str]:
        folder = str(self.folder)
        return {
            "PATH": os.environ["PATH"],
            "HOME": folder,
            "TMPDIR": f"{folder}/tmp",
            "OPENSEARCH_TMPDIR": f"{folder}/tmp",
            "OPENSEARCH_PATH_CONF": f"{folder}/config",
            "OPENSEARCH_JAVA_HOME": str(self.distribution.java),
            "OPENSEARCH_JAVA_OPTS": f"-Xms{self.heap} -Xmx{self.heap} -XX:-UsePerfData",
        }


def free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 that nobody listens on now.

    They lie below those that systems give to outgoing connections: a client that tries a dead node again and again
    would some time get the node's port as its own, connect to itself, and keep the node from starting again.
    """
    found: list[int] = []
    for port in secrets.SystemRandom().sample(_PORTS, len(_PORTS)):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            found.append(port)
        if len(found) == count:
            return found
    raise NodeFailed(f"There are no {count} free ports from {_PORTS.start} to {_PORTS.stop - 1}.")


def _lay_out(folder: Path, home: Path) -> None:
    """The node's folders, and the server's configuration without what it would write into its home."""
    for name in ("data", "logs", "tmp"):
        (folder / name).mkdir(parents=True)
    shutil.copytree(home / "config", folder / "config")
    options = folder / "config" / "jvm.options"
    lines = options.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if "logs/" not in line and "HeapDump" not in line]
    options.write_text("\n".join([*kept, f"-XX:ErrorFile={folder}/logs/crash.log", ""]), encoding="utf-8")
    (folder / "config" / "log4j2.properties").write_text(_LOGGING, encoding="utf-8")


def _unprivileged() -> tuple[int, int]:
    """The user and group that nodes run as: ours, or for root `nobody`."""
    if os.geteuid() != 0:
        return os.geteuid(), os.getegid()
    import pwd  # not on every system, unlike this file's other needs

    nobody = pwd.getpwnam("nobody")
    return nobody.pw_uid, nobody.pw_gid


def _hand_over(folder: Path, user: int, group: int) -> None:
    if os.geteuid() == 0:
        for path in [folder, *folder.rglob("*")]:
            os.chown(path, user, group)
