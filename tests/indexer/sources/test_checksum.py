import hashlib
from pathlib import Path

import pytest

from indexer.sources import BrokenSource, digest, verify_md5

EMPTY_MD5 = "d41d8cd98f00b204e9800998ecf8427e"  # RFC 1321, A.5
ABC_SHA256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-2, B.1


def file_of(folder: Path, contents: bytes, beside: str | None) -> Path:
    path = folder / "pubmed26n1335.xml.gz"
    path.write_bytes(contents)
    if beside is not None:
        (folder / "pubmed26n1335.xml.gz.md5").write_text(beside)
    return path


def test_the_digest_is_sha256(tmp_path: Path) -> None:
    assert digest(file_of(tmp_path, b"abc", None)) == ABC_SHA256


@pytest.mark.parametrize(
    "beside",
    [
        f"MD5(pubmed26n1335.xml.gz)= {EMPTY_MD5}\n",
        f"MD5 (pubmed26n1335.xml.gz) = {EMPTY_MD5.upper()}",
        f"{EMPTY_MD5}  pubmed26n1335.xml.gz\n",
        f"{EMPTY_MD5} *./updatefiles/pubmed26n1335.xml.gz\r\n",
        f"{'0' * 32}  another.xml.gz\n{EMPTY_MD5}  pubmed26n1335.xml.gz\n",
        f"{EMPTY_MD5}\n",
        f"{EMPTY_MD5}  -\n",
        None,
    ],
)
def test_a_file_that_has_its_published_md5_passes(tmp_path: Path, beside: str | None) -> None:
    verify_md5(file_of(tmp_path, b"", beside))


def test_another_md5_names_both_sums_and_what_to_do(tmp_path: Path) -> None:
    path = file_of(tmp_path, b"abc", f"MD5(pubmed26n1335.xml.gz)= {EMPTY_MD5}\n")
    with pytest.raises(BrokenSource) as caught:
        verify_md5(path)
    message = str(caught.value)
    assert EMPTY_MD5 in message
    assert hashlib.md5(b"abc").hexdigest() in message
    assert "download the file again" in message
    assert caught.value.record == 0


def test_a_checksum_file_without_a_sum_for_it_is_told(tmp_path: Path) -> None:
    with pytest.raises(BrokenSource, match="holds no md5 for it"):
        verify_md5(file_of(tmp_path, b"", "<html>Not found</html>"))
