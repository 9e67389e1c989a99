import importlib
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def ranx() -> ModuleType:
    """Another tool with measures and significance, uncompiled: compiling it takes longer than all that it is asked."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NUMBA_DISABLE_JIT", "1")
        return importlib.import_module("ranx")
