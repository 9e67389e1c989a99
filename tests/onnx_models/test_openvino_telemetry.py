"""Opening OpenVINO tells nobody: its package would fork a process that reports each import over the network."""

import subprocess
import sys

import pytest

CODE = """
import sys
seen = []
sys.addaudithook(lambda event, args: seen.append(event))
from onnx_models.openvino_session import _load_openvino
_load_openvino()
import time; time.sleep(1)
calls = ("os.fork", "os.posix_spawn", "subprocess.Popen", "socket.connect", "socket.getaddrinfo")
print(sorted({event for event in seen if event in calls}))
"""


@pytest.mark.slow
def test_loading_openvino_starts_no_process_and_no_connection() -> None:
    pytest.importorskip("openvino", reason="the openvino extra is not installed")
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", CODE], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
