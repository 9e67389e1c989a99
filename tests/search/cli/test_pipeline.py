"""`biocpt pipeline`: what it prints, sends, and refuses."""

import json
import os
import re
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from indexer.article import Article
from indexer.engines import open_writer
from indexer.engines.location import Access, Location
from indexer.engines.opensearch.pipelines import bodies
from indexer.engines.opensearch.pipelines.installing import requests
from search.cli.emitting import emitted
from search.cli.pipeline import KINDS
from search.fusion import FUSIONS, FusionOptions
from search.pipelines import FUSION, wish
from tests.doubles import HashEncoder
from tests.opensearch.server import Refusal, Server
from tests.search.cli.in_process import Command

URL = "https://one.example:9200,two.example:9200/search/pubmed"


def test_the_kinds_are_those_that_can_be_made_and_fuse_as_we_do() -> None:
    assert set(KINDS) == set(bodies.KINDS)
    assert set(FUSION) == set(bodies.WITHOUT_MODELS)
    assert set(FUSION.values()) <= set(FUSIONS)


def test_a_default_that_is_not_named_is_installed_too() -> None:
    asked = wish(["rrf"], FusionOptions(), default="min-max")
    assert (asked.kinds, asked.default) == (("rrf", "min-max"), "min-max")


def test_requests_are_printed_for_the_console_without_asking_the_cluster(biocpt: Command) -> None:
    answer = biocpt("pipeline", "install", "--index", URL, "--default", "rrf", "--emit")
    assert answer.code == 0
    parts = re.findall(r"^(PUT) (/\S+)\n(\{.*?^\})$", answer.out, flags=re.DOTALL | re.MULTILINE)
    sent = {path: json.loads(body) for _, path, body in parts}
    assert list(sent) == ["/_search/pipeline/pubmed-min-max", "/_search/pipeline/pubmed-rrf", "/pubmed/_settings"]
    assert sent["/pubmed/_settings"] == {"index.search.default_pipeline": "pubmed-rrf"}
    assert sent["/_search/pipeline/pubmed-rrf"]["version"] == bodies.VERSION


def test_requests_are_printed_as_shell_commands(biocpt: Command) -> None:
    answer = biocpt("pipeline", "install", "rrf", "--index", URL, "--emit", "curl")
    first = "curl --fail-with-body -X PUT https://one.example:9200/search/_search/pipeline/pubmed-rrf "
    assert answer.out.startswith(first)
    subprocess.run(["bash", "-n"], input=answer.out, text=True, check=True)


@pytest.mark.parametrize(
    ("access", "variable", "words"),
    [
        (Access(user="ann", password="secret-of-ann"), "BIOCPT_OPENSEARCH_PASSWORD", "--user\nann:from a variable\n"),
        (Access(api_key="secret-of-ann"), "BIOCPT_OPENSEARCH_API_KEY", "Authorization: ApiKey from a variable\n"),
    ],
)
def test_commands_let_in_whoever_asks_and_hold_no_secret(access: Access, variable: str, words: str) -> None:
    text = emitted(requests("pubmed", wish([], FusionOptions())), Location(URL, access), "curl")
    assert "secret-of-ann" not in text
    shown = "curl() { printf '%s\\n' \"$@\"; }\n" + text
    environment = {**os.environ, variable: "from a variable"}
    done = subprocess.run(["bash"], input=shown, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.count(words) == len(text.splitlines())


@pytest.mark.parametrize("command", ["install", "show", "remove"])
def test_a_folder_has_no_pipelines(biocpt: Command, tmp_path: Path, command: str) -> None:
    answer = biocpt("pipeline", command, "--index", tmp_path)
    assert (answer.code, answer.out, len(answer.err.splitlines())) == (1, "", 1)
    assert "is a folder" in answer.err


def an_index(node: Server, alias: str) -> str:
    """With one article and its vector."""
    url, encoder, article = f"{node.url}/{alias}", HashEncoder(), Article(id="1", order=1, title="Aspirin")
    with closing(open_writer(url, space=encoder.space)) as writer:
        writer.write([article], {"1": encoder.encode([article.passage])[0]})
        writer.commit()
        writer.publish()
    return url


@pytest.mark.slow
def test_pipelines_are_installed_shown_and_removed(biocpt: Command, node: Server, fresh_index: str) -> None:
    on = ("--index", an_index(node, fresh_index))
    assert "No pipeline is installed" in biocpt("pipeline", "show", *on).out
    rrf, min_max = f"{fresh_index}-rrf", f"{fresh_index}-min-max"
    told = biocpt("pipeline", "install", *on, "--default", "rrf").out
    assert told.splitlines() == [
        f"{min_max}: installed",
        f"{rrf}: installed",
        f"Default of '{fresh_index}-v1': {rrf}",
    ]
    again = biocpt("pipeline", "install", *on, "--json").json
    assert again["pipelines"] == {min_max: "unchanged", rrf: "unchanged"}
    assert again["default"] == rrf
    assert f"{rrf}: version 1, the default" in biocpt("pipeline", "show", *on).out
    assert {found["kind"] for found in biocpt("pipeline", "show", *on, "--json").json["pipelines"]} == set(FUSION)
    removed = biocpt("pipeline", "remove", *on)
    assert removed.out.splitlines() == [f"Default of '{fresh_index}-v1': none", f"Removed: {min_max}, {rrf}."]
    assert biocpt("pipeline", "remove", *on).out == "There was nothing to remove.\n"


@pytest.mark.slow
@pytest.mark.parametrize("gone", ["theirs", "rrf"])
def test_a_default_that_does_not_exist_is_said_and_what_is_advised_mends_it(
    biocpt: Command, node: Server, fresh_index: str, gone: str
) -> None:
    on, name = ("--index", an_index(node, fresh_index)), f"{fresh_index}-{gone}"
    assert not biocpt("pipeline", "show", *on, "--json").json["default_is_missing"]
    node.ask("PUT", f"/{fresh_index}/_settings", {"index.search.default_pipeline": name})
    with pytest.raises(Refusal, match=name):
        node.ask("POST", f"/{fresh_index}/_search", {})
    shown = biocpt("pipeline", "show", *on)
    assert f"Default of '{fresh_index}-v1': {name}" in shown.out
    assert f"There is no pipeline '{name}'" in shown.out
    assert biocpt("pipeline", "show", *on, "--json").json["default_is_missing"]
    advised = re.findall("`biocpt (.*?)`", shown.out)[-1]
    assert biocpt(*advised.split(), *on).code == 0
    node.ask("POST", f"/{fresh_index}/_search", {})
    assert biocpt("pipeline", "remove", *on).code == 0
    node.ask("POST", f"/{fresh_index}/_search", {})


@pytest.mark.slow
def test_emitted_commands_do_what_install_does(biocpt: Command, node: Server, fresh_index: str) -> None:
    on = ("--index", an_index(node, fresh_index))
    run(biocpt("pipeline", "install", *on, "--emit", "curl").out)
    assert set(biocpt("pipeline", "install", *on, "--json").json["pipelines"].values()) == {"unchanged"}
    run(biocpt("pipeline", "remove", *on, "--emit", "curl").out)
    assert biocpt("pipeline", "show", *on, "--json").json["pipelines"] == []


def run(script: str) -> None:
    subprocess.run(["bash", "-e"], input=script, text=True, check=True, capture_output=True)
