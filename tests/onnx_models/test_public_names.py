import subprocess
import sys

import pytest

import onnx_models
from onnx_models import InstalledSet

HEAVY = "onnxruntime", "openvino", "torch", "transformers", "optimum", "tokenizers", "onnx", "huggingface_hub"


def imported(script: str, *arguments: str) -> set[str]:
    """The top-level modules that a fresh interpreter has imported after a script."""
    script += "; import sys; print(*sorted({name.split('.')[0] for name in sys.modules}), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=True)
    assert done.stdout == ""
    return set(done.stderr.split())


def test_the_public_names_are_these() -> None:
    data = {"KNOWN_SETS", "InstalledModel", "InstalledSet", "ModelSet", "ModelSpec", "RunOptions", "Runtime"}
    names = {"Backend", "RerankerChoice", "RerankerKind", "RunPrecision", "Similarity", "Text"}
    behaviour = {"Encoder", "ModelError", "Reranker", "default_home", "find_set", "load_encoder", "load_reranker"}
    assert set(onnx_models.__all__) == data | names | behaviour
    assert all(hasattr(onnx_models, name) for name in onnx_models.__all__)


def test_importing_the_package_loads_no_runtime_and_prints_nothing() -> None:
    assert not imported("import onnx_models") & set(HEAVY)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["minilm", "medcpt"])
def test_encoding_and_reranking_never_import_torch_or_transformers(name: str, request: pytest.FixtureRequest) -> None:
    models: InstalledSet = request.getfixturevalue(name)
    script = (
        "import sys; from pathlib import Path; import onnx_models as m; s = m.find_set(Path(), sys.argv[1]); "
        "m.load_encoder(s.query).encode(['heart']); m.load_encoder(s.article).encode([('heart', 'stroke')]); "
        "m.load_reranker(s).score('heart', [('heart', 'stroke')])"
    )
    modules = imported(script, str(models.folder))
    assert "onnxruntime" in modules
    assert not modules & {"torch", "transformers", "optimum", "openvino", "onnx", "sentence_transformers"}
