"""Finding and opening installed sets; what a fingerprint depends on and what not."""

from dataclasses import replace
from pathlib import Path

import pytest

from onnx_models import installed, set_file
from onnx_models.errors import (
    BadSetFile,
    ManifestMismatch,
    ModelNotExported,
    ModelNotInstalled,
    UnknownModel,
    UnsuitableModel,
)
from onnx_models.export import export_set
from onnx_models.installed import InstalledSet, find, load
from onnx_models.specs import KNOWN_SETS, ModelSet
from tests.onnx_models import checkpoints
from tests.onnx_models.checkpoints import Shape

MINILM = KNOWN_SETS["minilm"]


@pytest.fixture
def medcpt(tmp_path: Path) -> InstalledSet:
    return checkpoints.install(tmp_path)


def _fingerprint(folder: Path, model_set: ModelSet) -> str:
    query = replace(model_set.query, similarity=model_set.article.similarity)
    set_file.write(folder, replace(model_set, query=query))
    return load(folder).article.fingerprint


def test_a_set_is_found_by_name_and_by_path(tmp_path: Path, medcpt: InstalledSet) -> None:
    assert find(tmp_path, "medcpt") == medcpt
    assert find(tmp_path / "elsewhere", str(medcpt.folder)) == medcpt


def test_an_unknown_name_lists_what_is_known_and_installed(tmp_path: Path, medcpt: InstalledSet) -> None:
    with pytest.raises(UnknownModel, match=r"'medpct'.*Known: medcpt, minilm.*installed: medcpt"):
        find(tmp_path, "medpct")


def test_a_known_set_that_is_not_installed_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(ModelNotInstalled, match="biocpt models pull minilm"):
        find(tmp_path, "minilm")


def test_a_set_that_was_only_pulled_names_the_command(tmp_path: Path) -> None:
    folder = checkpoints.write_set(tmp_path / "models" / "minilm", MINILM)
    with pytest.raises(ModelNotExported, match=f"biocpt models export {folder}"):
        find(tmp_path, "minilm")
    assert installed.names(tmp_path) == ["minilm"]
    assert installed.installed(tmp_path) == []


def test_an_empty_home_has_no_sets(tmp_path: Path) -> None:
    assert installed.installed(tmp_path / "nowhere") == []


def test_a_precision_that_was_never_made_names_the_command(medcpt: InstalledSet) -> None:
    with pytest.raises(ModelNotExported, match=r"biocpt models quantize .* --precision int8"):
        medcpt.article.graph("int8")


def test_token_states_come_from_the_main_graph_where_it_gives_them(tmp_path: Path) -> None:
    minilm, bge = (checkpoints.install(tmp_path, name) for name in ("minilm", "bge-small"))
    assert minilm.query.graph("fp32", "tokens") == minilm.query.graph("fp32")
    assert bge.query.graph("fp32", "tokens").name == "tokens.onnx"


def test_untied_sets_have_no_graph_of_token_states(medcpt: InstalledSet) -> None:
    with pytest.raises(ModelNotExported):
        medcpt.article.graph("fp32", "tokens")


def test_tied_sides_share_one_folder(tmp_path: Path) -> None:
    minilm = checkpoints.install(tmp_path, "minilm")
    assert minilm.query.folder == minilm.article.folder == minilm.folder / "encoder"


def test_the_fingerprint_follows_what_changes_the_vectors(tmp_path: Path) -> None:
    folder = checkpoints.install(tmp_path, "minilm").folder
    before = _fingerprint(folder, MINILM)
    changes: list[dict[str, object]] = [
        {"max_tokens": 128},
        {"pooling": "last"},
        {"similarity": "ip"},
        {"layout": "pair"},
        {"separator": ". "},
        {"prefix": "passage: "},
    ]
    prints = {
        _fingerprint(folder, replace(MINILM, article=replace(MINILM.article, **change)))  # type: ignore[arg-type]
        for change in changes
        if "pooling" not in change
    }
    assert len(prints) == 5
    assert before not in prints


def test_the_fingerprint_follows_the_weights_and_the_tokenizer(tmp_path: Path) -> None:
    prints = set()
    for name, seed, tokenizer in (("a", 0, "tokenizer.json"), ("b", 1, "tokenizer.json"), ("c", 0, "vocab.txt")):
        folder = tmp_path / name
        checkpoints.write(folder / "source" / "encoder", seed=seed, tokenizer=tokenizer)  # type: ignore[arg-type]
        set_file.write(folder, MINILM)
        export_set(folder)
        prints.add(load(folder).article.fingerprint)
    assert len(prints) == 3


def test_the_fingerprint_ignores_names_places_and_files(tmp_path: Path) -> None:
    folder = checkpoints.install(tmp_path, "minilm").folder
    before = _fingerprint(folder, MINILM)
    renamed = {"name": "other", "checkpoint": "elsewhere", "revision": "v2"}
    other = ModelSet(
        name="other",
        query=replace(MINILM.query, **renamed),  # type: ignore[arg-type]
        article=replace(MINILM.article, **renamed),  # type: ignore[arg-type]
    )
    assert _fingerprint(folder, other) == before


def test_the_fingerprint_of_the_export_is_kept_for_each_side(tmp_path: Path) -> None:
    before = checkpoints.install(tmp_path, "bge-small")
    assert before.query.fingerprint != before.article.fingerprint
    assert [model.exported_fingerprint for model in before.models] == [model.fingerprint for model in before.models]
    known = before.model_set
    set_file.write(before.folder, replace(known, query=replace(known.query, max_tokens=64)))
    after = load(before.folder).query
    assert after.exported_fingerprint == before.query.fingerprint != after.fingerprint


def test_the_identity_stays_when_the_model_reads_longer_texts(tmp_path: Path) -> None:
    folder = checkpoints.install(tmp_path, "minilm").folder
    before = load(folder).query.identity
    longer = replace(MINILM.query, max_tokens=512, prefix="query: ", layout="pair", separator=". ")
    set_file.write(folder, replace(MINILM, query=longer))
    assert load(folder).query.identity == before
    sides = [replace(side, similarity="ip") for side in (MINILM.query, MINILM.article)]
    set_file.write(folder, replace(MINILM, query=sides[0], article=sides[1]))
    assert load(folder).query.identity != before


def test_sides_of_different_dimensions_are_refused(tmp_path: Path) -> None:
    checkpoints.write(tmp_path / "a")
    checkpoints.write(tmp_path / "b", Shape(hidden=16))
    (tmp_path / "set.toml").write_text('name = "odd"\n[query]\ncheckpoint = "a"\n[article]\ncheckpoint = "b"\n')
    export_set(tmp_path)
    with pytest.raises(UnsuitableModel, match=r"'odd'.*query encoder gives 32 dimensions, its article encoder 16"):
        load(tmp_path)


def test_the_identity_follows_the_weights(medcpt: InstalledSet) -> None:
    assert medcpt.query.identity != medcpt.article.identity


def test_a_folder_that_does_not_match_its_manifest_is_refused(medcpt: InstalledSet) -> None:
    (medcpt.article.folder / "weights.bin").write_bytes(b"")
    with pytest.raises(ManifestMismatch, match=r"article.*weights\.bin has 0 bytes"):
        load(medcpt.folder)


def test_sides_in_each_others_folders_are_refused(medcpt: InstalledSet) -> None:
    (medcpt.folder / "cross").rename(medcpt.folder / "spare")
    (medcpt.folder / "query").rename(medcpt.folder / "cross")
    (medcpt.folder / "spare").rename(medcpt.folder / "query")
    with pytest.raises(ManifestMismatch, match="holds a cross model"):
        load(medcpt.folder)


def test_another_pooling_than_was_exported_is_refused(medcpt: InstalledSet) -> None:
    model_set = replace(medcpt.model_set, article=replace(medcpt.model_set.article, pooling="mean"))
    set_file.write(medcpt.folder, model_set)
    with pytest.raises(ManifestMismatch, match="exported for cls pooling"):
        load(medcpt.folder)


def test_a_removed_set_is_gone(tmp_path: Path, medcpt: InstalledSet) -> None:
    assert installed.remove(tmp_path, "medcpt") > 0
    assert not medcpt.folder.exists()
    assert list((tmp_path / "models").iterdir()) == []


def test_removing_the_checkpoints_keeps_the_set(tmp_path: Path, medcpt: InstalledSet) -> None:
    installed.remove(tmp_path, "medcpt", source_only=True)
    assert not (medcpt.folder / "source").exists()
    assert find(tmp_path, "medcpt") == medcpt


@pytest.mark.parametrize("name", ["..", ".", "", "../models/medcpt", "/", "nope"])
def test_nothing_but_an_installed_name_is_removed(tmp_path: Path, medcpt: InstalledSet, name: str) -> None:
    with pytest.raises(UnknownModel):
        installed.remove(tmp_path, name)
    assert medcpt.folder.exists()


def test_a_set_file_of_ones_own_is_exported_and_opened_by_its_path(tmp_path: Path) -> None:
    checkpoints.write(tmp_path / "bert")
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "set.toml").write_text('[query]\ncheckpoint = "../bert"\npooling = "mean"\nsimilarity = "cosine"\n')
    export_set(folder)
    assert find(tmp_path, str(folder)).article.spec.name == "mine-article"


def test_a_broken_set_file_is_refused(tmp_path: Path, medcpt: InstalledSet) -> None:
    (medcpt.folder / "set.toml").write_text("[query")
    with pytest.raises(BadSetFile):
        find(tmp_path, "medcpt")
