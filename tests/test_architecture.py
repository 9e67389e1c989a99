"""The layers hold: imports go down only, and the packages' fronts reach nothing heavy."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LAYERS = ("onnx_models", "indexer", "search")
HEAVY = {
    *("onnxruntime", "openvino", "torch", "transformers", "optimum", "opensearchpy", "lance", "pyarrow", "tantivy"),
    *("haystack", "langchain_core", "llama_index", "pydantic"),
}


def imported(file: Path) -> Iterator[str]:
    """The packages that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.partition(".")[0]
        elif isinstance(node, ast.ImportFrom):
            yield "a relative import"


@pytest.mark.parametrize("layer", LAYERS)
def test_a_package_imports_no_higher_one(layer: str) -> None:
    higher = set(LAYERS[LAYERS.index(layer) + 1 :]) | {"tests", "a relative import"}
    files = sorted((ROOT / layer).rglob("*.py"))
    assert files
    upward = {str(file.relative_to(ROOT)): found for file in files if (found := higher & set(imported(file)))}
    assert upward == {}


def test_an_upward_import_would_be_seen(tmp_path: Path) -> None:
    file = tmp_path / "module.py"
    file.write_text("def f():\n    from search.cli import main\n    import indexer.queries\n", encoding="utf-8")
    assert set(imported(file)) == {"search", "indexer"}


@pytest.mark.parametrize("module", [*LAYERS, "search.cli", "search.integrations"])
def test_importing_a_package_reaches_nothing_heavy_and_prints_nothing(module: str) -> None:
    code = f"import sys, {module}; print(*sorted({HEAVY!r} & set(sys.modules)), end='')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")


def test_no_module_has_a_name_that_says_nothing() -> None:
    names = {"utils", "util", "helpers", "common", "manager", "misc", "base", "core"}
    found = [file for layer in LAYERS for file in (ROOT / layer).rglob("*.py") if file.stem in names]
    assert found == []
