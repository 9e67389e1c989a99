import gzip
import io
import resource
import tarfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from indexer.order import Stamp
from indexer.sources import BrokenSource, read

STAMP = Stamp(2026, 1)


def record(pmid: int, title: str = "A title") -> str:
    return (
        f"<PubmedArticle><MedlineCitation><PMID Version='1'>{pmid}</PMID><Article><ArticleTitle>{title}</ArticleTitle>"
        "</Article></MedlineCitation></PubmedArticle>\n"
    )


def drain(path: Path) -> tuple[list[str], BrokenSource]:
    """The ids before the break, and the break."""
    ids: list[str] = []
    try:
        for item in read(path, STAMP):
            ids.append(item.id)  # a list comprehension would lose them at the break
    except BrokenSource as broken:
        return ids, broken
    raise AssertionError("the file is not broken")


def write(folder: Path, contents: bytes, name: str = "f.xml") -> Path:
    path = folder / name
    path.write_bytes(contents)
    return path


def document(count: int) -> bytes:
    return ("<PubmedArticleSet>\n" + "".join(map(record, range(1, count + 1))) + "</PubmedArticleSet>").encode()


def tar_of(contents: bytes) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        member = tarfile.TarInfo("pubmed26n0001.xml")
        member.size = len(contents)
        archive.addfile(member, io.BytesIO(contents))
    return packed.getvalue()


@pytest.mark.parametrize("cut", ["in a tag", "in a text", "between records", "before the closing tag"])
def test_every_whole_record_before_a_cut_is_kept(tmp_path: Path, cut: str) -> None:
    whole = document(3)
    at = {
        "in a tag": whole.rindex(b"<Article>") + 3,
        "in a text": whole.rindex(b"A title") + 2,
        "between records": whole.rindex(b"<PubmedArticle>"),
        "before the closing tag": whole.rindex(b"</PubmedArticleSet>"),
    }[cut]
    ids, broken = drain(write(tmp_path, whole[:at]))
    kept = 3 if cut == "before the closing tag" else 2
    assert ids == ["1", "2", "3"][:kept]
    assert broken.record == kept + 1
    assert "the XML ends too early" in str(broken)


def test_every_cut_of_a_small_file_keeps_exactly_the_closed_records(tmp_path: Path) -> None:
    whole = document(3)
    for at in range(len("<PubmedArticleSet>"), len(whole)):
        path = write(tmp_path, whole[:at])
        assert len(drain(path)[0]) == whole[:at].count(b"</PubmedArticle>"), whole[:at][-30:]


def test_every_cut_of_a_gzip_keeps_what_could_be_unpacked(tmp_path: Path) -> None:
    packed = gzip.compress(document(40), mtime=0)
    counts = [len(drain(write(tmp_path, packed[:at], "f.xml.gz"))[0]) for at in range(30, len(packed))]
    assert counts == sorted(counts)
    assert counts[-1] == 40
    _, broken = drain(write(tmp_path, packed[:-1], "f.xml.gz"))
    assert broken.record == 41
    assert "the gzip data end too early" in str(broken)


def test_damage_inside_a_gzip_is_found_by_its_checksum(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(document(40), mtime=0))
    packed[-6] ^= 1
    ids, broken = drain(write(tmp_path, bytes(packed), "f.xml.gz"))
    assert len(ids) == 40
    assert "gzip data are damaged" in str(broken)


def test_gzip_of_several_members_and_padding_is_read_to_its_end(tmp_path: Path) -> None:
    whole = document(3)
    members = b"".join(gzip.compress(whole[at : at + 50]) for at in range(0, len(whole), 50))
    items = list(read(write(tmp_path, members + b"\0" * 512, "plain-name"), STAMP))
    assert [item.id for item in items] == ["1", "2", "3"]


def test_gzip_is_told_by_its_bytes_not_by_its_name(tmp_path: Path) -> None:
    assert len(list(read(write(tmp_path, gzip.compress(document(2)), "f.xml"), STAMP))) == 2
    assert len(list(read(write(tmp_path, document(2), "f.xml.gz"), STAMP))) == 2


def test_xml_that_is_not_well_formed_breaks_at_its_record(tmp_path: Path) -> None:
    ids, broken = drain(write(tmp_path, document(3).replace(b"<PMID Version='1'>2</PMID>", b"<PMID>2</PIMD>")))
    assert ids == ["1"]
    assert broken.record == 2
    assert "not well-formed XML (mismatched tag: line 3" in str(broken)


def test_garbage_after_the_root_keeps_all_records(tmp_path: Path) -> None:
    ids, broken = drain(write(tmp_path, document(3) + b"<more/>"))
    assert len(ids) == 3
    assert "junk after document element" in str(broken)


def test_a_comment_that_looks_like_the_end_of_a_record_ends_nothing(tmp_path: Path) -> None:
    broken = document(2).replace(b"A title", b"<!-- </MedlineCitation></PubmedArticle> -->A title")
    assert len(list(read(write(tmp_path, broken), STAMP))) == 2
    cut = broken[: broken.rindex(b"-->") + 3]
    assert drain(write(tmp_path, cut))[0] == ["1"]


def test_bytes_that_are_not_utf_8_are_named(tmp_path: Path) -> None:
    latin = document(3).replace(b"A title", "Ångström".encode("latin-1"), 2) + b" " * 64
    ids, broken = drain(write(tmp_path, latin))
    assert ids == []
    assert "not UTF-8" in str(broken)


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        (b"", "the file is empty"),
        (b" \n", "the file is empty"),
        (gzip.compress(b""), "the file is empty"),
        (b"<html><body/></html>", "its root element is 'html'; PubMed's are PubmedArticleSet, MedlineCitationSet"),
        (b"<?xml version='1.0'?><!-- -->", "no root element"),
        (b"<?xml version='1.0' encoding='ISO-8859-1'?><PubmedArticleSet/>", "its encoding is 'ISO-8859-1'"),
        ("<PubmedArticleSet/>".encode("utf-16"), "UTF-16"),
        (b"PK\x03\x04....", "a zip archive; unpack it first"),
        (gzip.compress(gzip.compress(document(1))), "gzip within gzip; unpack it once"),
        (gzip.compress(tar_of(document(1))), "a tar archive; unpack it first"),
        (b"TY  - JOUR\nTI  - T\nER  - \n", "it is RIS, which is not read; save it as PubMed or MEDLINE text"),
        (b"[{}]", "one JSON array; write one object a line"),
        (b"Just words.\n", "PubMed XML, MEDLINE text (PubMed: Save, Format: PubMed), JSON lines"),
        (
            b"1. J Ice. 2018 Dec 31;57:364-376. doi: 10.9999/1.\n\nTitle.\n\nA B.\n\nText.\n\nPMID: 900001\n",
            "PubMed's 'Abstract (text)' export",
        ),
    ],
)
def test_a_file_that_is_no_source_is_refused(tmp_path: Path, contents: bytes, message: str) -> None:
    with pytest.raises(BrokenSource) as caught:
        list(read(write(tmp_path, contents, "file"), STAMP))
    assert message in str(caught.value)
    assert caught.value.record == 0
    assert "\n" not in str(caught.value)


def test_a_file_that_does_not_exist_is_a_broken_source(tmp_path: Path) -> None:
    with pytest.raises(BrokenSource, match="No such file"):
        list(read(tmp_path / "missing.xml.gz", STAMP))


def billion_laughs() -> bytes:
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    return f'<!DOCTYPE PubmedArticleSet [<!ENTITY l0 "ha">{levels}]><PubmedArticleSet>&l11;</PubmedArticleSet>'.encode()


def quadratic_blow_up() -> bytes:
    entity = "x" * 100_000
    uses = "&x;" * 100_000
    return f'<!DOCTYPE a [<!ENTITY x "{entity}">]><PubmedArticleSet>{record(1, uses)}</PubmedArticleSet>'.encode()


def external_entity() -> bytes:
    return (
        b'<!DOCTYPE PubmedArticleSet [<!ENTITY secret SYSTEM "file:///etc/hostname">]><PubmedArticleSet>'
        + record(1, "&secret;").encode()
        + b"</PubmedArticleSet>"
    )


@pytest.mark.parametrize("attack", [billion_laughs, quadratic_blow_up, external_entity])
def test_entities_are_refused_before_anything_is_read(tmp_path: Path, attack: Callable[[], bytes]) -> None:
    started = time.monotonic()
    with pytest.raises(BrokenSource) as caught:
        list(read(write(tmp_path, attack()), STAMP))
    assert "entit" in str(caught.value) or "no root element" in str(caught.value)
    assert time.monotonic() - started < 60


def test_a_document_type_is_neither_loaded_nor_believed(tmp_path: Path) -> None:
    declared = b'<!DOCTYPE PubmedArticleSet SYSTEM "http://192.0.2.1/pubmed.dtd">' + document(1).replace(
        b"A title", b"&eacute;"
    )
    _, broken = drain(write(tmp_path, declared))
    assert "an XML entity that is not defined" in str(broken)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("start", "filler"),
    [
        (b"", b"x" * 1024),
        (b"", b"<b>" * 300),
        (b"<!-- ", b"y" * 1024),
        (b"<b a='", b"y" * 1024),
        (b"", b"<b/>" * 256),
        (b"", b" " * 1024),
    ],
    ids=["text", "depth", "comment", "attribute", "width", "space"],
)
def test_a_record_without_end_is_refused_in_bounded_memory(tmp_path: Path, start: bytes, filler: bytes) -> None:
    path = tmp_path / "bomb.xml.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(b"<PubmedArticleSet>" + record(1).encode() + b"<PubmedArticle><MedlineCitation><PMID>" + start)
        for _ in range(100):
            file.write(filler * 1024)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    ids, _ = drain(path)
    assert ids == ["1"]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 500_000
