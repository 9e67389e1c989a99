"""Without its library an integration says in one line what to install, and importing us needs none of them."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("module", "library", "said"),
    [
        ("haystack", "haystack", "The integration with Haystack needs the 'haystack' extra"),
        ("langchain", "langchain_core", "The integration with LangChain needs the 'langchain' extra"),
        ("llamaindex", "llama_index", "The integration with LlamaIndex needs the 'llamaindex' extra"),
    ],
)
def test_a_missing_library_is_one_line(module: str, library: str, said: str) -> None:
    code = (
        f"import sys; sys.modules[{library!r}] = None\n"
        f"from onnx_models import ModelError\n"
        f"try:\n    import search.integrations.{module}\n"
        f"except ModelError as error:\n    print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == f"{said}: pip install 'biocpt-search[{module}]'.\n"
