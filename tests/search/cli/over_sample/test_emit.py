"""`biocpt search --emit` over a folder: bodies for Elasticsearch, and a clear word on those for OpenSearch."""

import subprocess

import pytest

from tests.search.cli.in_process import Command

QUESTION = "statins & $HOME `women` 'survival'\nof \"cancer\""


def test_bodies_for_elasticsearch_need_no_cluster(biocpt: Command) -> None:
    done = biocpt("search", QUESTION, "--emit", "elasticsearch", "--year", "2010-")
    assert (done.code, done.err) == (0, "")
    assert "not run" in done.out
    for name in ("mapping", "lexical", "knn", "linear", "rrf", "rerank"):
        assert f"\n# {name}\n" in done.out
    subprocess.run(["bash", "-n"], input=done.out, text=True, check=True)


@pytest.mark.parametrize("form", ["curl", "json", "template"])
def test_a_folder_takes_no_requests_which_is_said_in_one_line(biocpt: Command, form: str) -> None:
    done = biocpt("search", "statins", "--emit", form)
    assert (done.code, done.out) == (2, "")
    assert "is a folder, which takes no requests" in done.err
    assert done.err.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--json"], "--emit prints requests"),
        (["--explain"], "--emit prints requests"),
        (["--sort", "date"], "--sort date"),
    ],
)
def test_options_that_say_nothing_of_requests_are_refused(biocpt: Command, options: list[str], said: str) -> None:
    done = biocpt("search", "statins", "--emit", "elasticsearch", *options)
    assert done.code == 2
    assert said in done.err


def test_an_empty_question_is_refused_as_ever(biocpt: Command) -> None:
    done = biocpt("search", "  ", "--emit", "elasticsearch")
    assert done.code == 2
    assert "The query is empty" in done.err
