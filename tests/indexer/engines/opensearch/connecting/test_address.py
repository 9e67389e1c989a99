"""URLs of indexes: their parts and back again, and one clear line for each that cannot be used."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.engines import kind_of
from indexer.engines.location import Location, without_secrets
from indexer.engines.opensearch.connecting.address import Address, parse
from indexer.engines.opensearch.errors import UnusableAddress
from indexer.errors import UnknownEngine

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
names = st.text(LETTERS + "._-", max_size=30).map(lambda text: f"p{text}")
hosts = st.one_of(
    st.ip_addresses().map(str),
    st.lists(st.text(LETTERS, min_size=1, max_size=9), min_size=1, max_size=3).map(".".join),
)
prefixes = st.lists(st.text(LETTERS + "._~-", max_size=9).map(lambda text: f"p{text}"), max_size=3)


@given(
    scheme=st.sampled_from(["http", "https"]),
    places=st.lists(st.tuples(hosts, st.integers(1, 65_535)), min_size=1, max_size=3),
    prefix=prefixes,
    alias=names,
)
def test_an_address_that_is_written_and_read_again_is_the_same(
    scheme: str, places: list[tuple[str, int]], prefix: list[str], alias: str
) -> None:
    address = Address(scheme, tuple(places), "".join(f"/{part}" for part in prefix), alias)
    assert parse(str(address)) == address


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_is_refused_in_one_line(text: str) -> None:
    for location in (text, f"https://{text}", f"https://host/{text}"):
        try:
            address = parse(location)
        except UnusableAddress as refused:
            lines = str(refused).splitlines()
        else:
            lines = [str(address)]
            assert parse(str(address)) == address
        assert len(lines) == 1


@pytest.mark.parametrize(
    ("location", "hosts", "prefix"),
    [
        ("http://one/pubmed", (("one", 9200),), ""),
        ("https://one/pubmed/", (("one", 443),), ""),
        ("https://ONE.example:1,10.0.0.2/pubmed", (("one.example", 1), ("10.0.0.2", 443)), ""),
        ("https://[::1]:9200,[2001:DB8::0:1]/pubmed", (("::1", 9200), ("2001:db8::1", 443)), ""),
        ("https://proxy/search/v1/pubmed", (("proxy", 443),), "/search/v1"),
    ],
)
def test_ports_may_be_missing_and_a_path_may_stand_before_the_index(
    location: str, hosts: tuple[tuple[str, int], ...], prefix: str
) -> None:
    assert parse(location) == Address(location.partition(":")[0], hosts, prefix, "pubmed")


@pytest.mark.parametrize(
    "name",
    [
        *(
            "*",
            "_all",
            "PUBMED",
            "pubmed,other",
            "-x",
            "+x",
            ".",
            "..",
            "..x",
            ".-x",
            "._x",
            "a b",
            "<date{now}>",
            "pub med",
            "é",
        ),
        *("p" * 300, "pubmed*", "a:b", "a|b", 'a"b', "a\\b", "a\nb", "pubmed\n", "%2e%2e", "x?pretty", "x#y", ""),
    ],
)
def test_an_index_name_that_could_mean_something_else_is_refused(name: str) -> None:
    with pytest.raises(UnusableAddress) as refused:
        parse(f"https://host:9200/{name}")
    assert len(str(refused.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("location", "why"),
    [
        ("https://host:9200/../x", "'..' cannot stand in the path"),
        ("https://host:9200/a//b/c", "'' cannot stand in the path"),
        ("https://host:9200/a b/c", "'a b' cannot stand in the path"),
        ("https://host:9200", "it names no index"),
        ("https:///pubmed", "it names no host"),
        ("https://:9200/pubmed", "it names no host"),
        ("https://one,,two/pubmed", "it names no host"),
        ("https://host:port/pubmed", "'host:port' is no HOST:PORT"),
        ("https://host:0/pubmed", "0 is no port"),
        ("https://host:65536/pubmed", "65536 is no port"),
        ("https://::1:9200/pubmed", "in brackets"),
        ("https://[::z]/pubmed", "'::z' is no IPv6 address"),
        ("https://a b/pubmed", "'a b' is no name of a host"),
        ("https://host\r\nX: y/pubmed", "is no"),
        ("ftp://host/pubmed", "'ftp' is neither http nor https"),
        ("pubmed", "neither http nor https"),
    ],
)
def test_a_broken_url_is_refused_with_its_fault(location: str, why: str) -> None:
    with pytest.raises(UnusableAddress) as refused:
        parse(location)
    assert why in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1


@pytest.mark.parametrize("secret", ["ann:s3cret", "ann:s3/cret", "ann:s3?cret", "ann:s3@cret", "s3cret", "a:s3\ncret"])
def test_a_password_in_a_url_is_refused_and_never_shown(secret: str) -> None:
    location = f"https://{secret}@host:9200/pubmed"
    with pytest.raises(UnusableAddress) as refused:
        parse(location)
    with pytest.raises(UnknownEngine) as unknown:
        kind_of(location.replace("https", "ftp"))
    shown = (refused.value, unknown.value, Location(location), repr(Location(location)), without_secrets(location))
    assert [text for text in map(str, shown) if "cret" in text] == []


@pytest.mark.parametrize(
    "name",
    [
        "localhost:9200/pubmed",
        "localhost:9200",
        "one:9200,two:9200/pubmed",
        "[::1]:9200/pubmed",
        "ann:s3cr3t@host:9200/pubmed",
        "ann:s3/cr@3t@host/pubmed",
        "ann@host",
        "https:/ann:s3cr3t@host/pubmed",
        "HTTP:host/pubmed",
    ],
)
def test_half_a_url_is_no_folder_and_shows_no_secret(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UnknownEngine, match="https://") as refused:
        kind_of(name)
    shown = (str(refused.value), str(Location(name)), repr(Location(name)))
    assert not any(secret in text for text in shown for secret in ("s3cr3t", "s3/cr", "cr@3t", "ann"))
    (tmp_path / name).mkdir(parents=True)
    assert kind_of(name) == "folder", "one that is there is meant"


@pytest.mark.parametrize(
    "name", ["pubmed", "./localhost:9200/pubmed", "/data/2026:11/me@work", "data/me@work", "run:one", "a:1b/c", "~/a@b"]
)
def test_names_of_folders_stay_names_of_folders(name: str) -> None:
    assert (kind_of(name), str(Location(name))) == ("folder", name)


def test_a_hidden_index_begins_with_a_dot() -> None:
    assert parse("https://host:9200/.hidden-1").alias == ".hidden-1"


def test_a_scheme_is_written_in_any_case() -> None:
    assert kind_of("HTTPS://host/pubmed") == "opensearch"
    assert str(parse("HTTPS://host/pubmed")) == "https://host:443/pubmed"
