"""Who asks a cluster: options, variables, files of secrets and the TOML file; one identity, and no secret shown."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from indexer.engines.location import Access, Location
from search.cli.access import FROM, SECRETS, IndexCommand
from search.cli.options import copy_options, index_option, optional_index_option

URL = "https://search.example:9200/pubmed"
PASSWORD, API_KEY = "BIOCPT_OPENSEARCH_PASSWORD", "BIOCPT_OPENSEARCH_API_KEY"


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("BIOCPT_")]:
        monkeypatch.delenv(name)


def asked(
    *arguments: str | Path, environment: dict[str, str] | None = None, decorator: Callable[..., Any] = index_option
) -> Any:
    """What a command with these options gets as `index`; for a usage error, what click would print."""
    seen: list[Location] = []

    def command(index: Location) -> None:
        seen.append(index)

    made = click.command(cls=IndexCommand)(decorator(command))
    result = CliRunner().invoke(made, [str(argument) for argument in arguments], env=environment)
    return seen[0] if seen else _refusal(result)


def ends(*arguments: str, environment: dict[str, str] | None = None) -> tuple[Location, Location]:
    """What a command with the options of a copy gets as its two ends."""
    seen: list[tuple[Location, Location]] = []

    @click.command(cls=IndexCommand)
    @click.argument("source")
    @click.argument("target")
    @copy_options
    def command(source: Location, target: Location) -> None:
        seen.append((source, target))

    assert CliRunner().invoke(command, arguments, env=environment).exit_code == 0
    return seen[0]


def _refusal(result: Result) -> str:
    assert result.exit_code == 2
    return result.output


def test_a_folder_is_a_location_that_reads_no_secret(tmp_path: Path) -> None:
    environment = {f"{PASSWORD}_FILE": str(tmp_path / "none"), "BIOCPT_OPENSEARCH_USER": "ann"}
    assert asked("--index", "pubmed", environment=environment) == Location("pubmed")


def test_every_option_reaches_the_access(tmp_path: Path) -> None:
    options = ("--user", "ann", "--ca-cert", "ca.pem", "--client-cert", "ann.pem", "--client-key", "ann.key")
    found = asked("--index", URL, *options, "--timeout", "5", environment={PASSWORD: "secret"})
    assert found.access == Access(
        user="ann",
        password="secret",
        ca=Path("ca.pem"),
        certificate=Path("ann.pem"),
        key=Path("ann.key"),
        timeout=5.0,
    )
    signed = asked("--index", URL, "--aws-region", "eu-west-1", "--aws-service", "aoss")
    assert signed.access == Access(aws_region="eu-west-1", aws_service="aoss")


def test_every_option_has_a_variable_and_a_flag_wins_over_it() -> None:
    environment = {"BIOCPT_INDEX": URL, "BIOCPT_OPENSEARCH_CA_CERT": "ca.pem", "BIOCPT_OPENSEARCH_TIMEOUT": "7"}
    assert asked(environment=environment) == Location(URL, Access(ca=Path("ca.pem"), timeout=7.0))
    assert asked("--timeout", "8", environment=environment).access.timeout == 8.0


@pytest.mark.parametrize(("variable", "field"), [(PASSWORD, "password"), (API_KEY, "api_key")])
def test_a_secret_may_stand_in_a_file_with_a_line_end(tmp_path: Path, variable: str, field: str) -> None:
    file = tmp_path / "secret"
    file.write_text(" s3cret \n", encoding="utf-8")
    user = ("--user", "ann") if field == "password" else ()
    found = asked("--index", URL, *user, environment={f"{variable}_FILE": str(file)})
    assert getattr(found.access, field) == " s3cret "


@pytest.mark.parametrize(
    ("arguments", "environment", "said"),
    [
        (["--user", "ann"], {}, "there is only the user: set BIOCPT_OPENSEARCH_PASSWORD or"),
        ([], {PASSWORD: "s3cret"}, "there is only the password: set BIOCPT_OPENSEARCH_USER"),
        (["--user", "ann"], {PASSWORD: "s3cret", API_KEY: "s3cret"}, "a user and an API key are given"),
        (["--aws-region", "eu-west-1"], {API_KEY: "s3cret"}, "an API key and AWS are given"),
        (["--client-key", "k.pem"], {}, "give --client-cert too"),
        ([], {API_KEY: "s3cret", f"{API_KEY}_FILE": "x"}, "Both BIOCPT_OPENSEARCH_API_KEY and"),
        ([], {f"{API_KEY}_FILE": "no-such-file"}, "'no-such-file', which cannot be read"),
        ([], {f"{API_KEY}_FILE": os.devnull}, "which is empty"),
        (["--timeout", "0"], {}, "0.0 is not in the range 0.001<=x<=86400"),
    ],
)
def test_half_an_identity_or_two_are_refused_without_telling_a_secret(
    arguments: list[str], environment: dict[str, str], said: str
) -> None:
    refusal = asked("--index", URL, *arguments, environment=environment)
    assert said in " ".join(refusal.split())
    assert "s3cret" not in refusal


def test_an_index_need_not_be_named_where_it_is_optional() -> None:
    assert asked(decorator=optional_index_option) is None
    assert asked("--index", URL, decorator=optional_index_option) == Location(URL)


def test_both_ends_of_a_copy_are_asked_as_the_same_user() -> None:
    source, target = ends(URL, "https://other:9200/pubmed", "--user", "ann", environment={PASSWORD: "s3cret"})
    assert source.access == target.access == Access(user="ann", password="s3cret")


def test_the_source_of_a_copy_may_have_a_user_of_its_own() -> None:
    environment = {PASSWORD: "s3cret", f"{FROM}PASSWORD": "other", "BIOCPT_OPENSEARCH_CA_CERT": "ca.pem"}
    arguments = (URL, "https://other:9200/pubmed", "--user", "ann", "--from-user", "bob")
    source, target = ends(*arguments, environment=environment)
    assert source.access == Access(user="bob", password="other", ca=Path("ca.pem"))
    assert target.access == Access(user="ann", password="s3cret", ca=Path("ca.pem"))


def test_the_source_of_a_copy_may_have_an_api_key_of_its_own_or_ask_as_nobody() -> None:
    environment = {PASSWORD: "s3cret", "BIOCPT_OPENSEARCH_USER": "ann"}
    source, _ = ends(URL, "https://other:9200/pubmed", environment={**environment, f"{FROM}API_KEY": "key"})
    assert source.access == Access(api_key="key")
    source, target = ends(URL, "https://other:9200/pubmed", "--from-user", "", environment=environment)
    assert (source.access, target.access) == (Access(), Access(user="ann", password="s3cret"))


def test_no_secret_is_an_option_of_a_command() -> None:
    from search.cli.info import command

    variables = {str(parameter.envvar) for parameter in command.params}
    assert "BIOCPT_OPENSEARCH_USER" in variables
    assert variables.isdisjoint(SECRETS)


def test_a_location_with_secrets_does_not_show_them() -> None:
    location = Location(URL, Access(user="ann", password="s3cret", api_key="s3cret"))
    assert "s3cret" not in f"{location} {location!r}"


def test_help_keeps_the_options_of_a_cluster_apart() -> None:
    result = CliRunner().invoke(_documented(), ["-h"], catch_exceptions=False)
    ours, cluster = result.output.split("Options of a cluster:")
    assert "--index" in ours
    assert "--ca-cert FILE" in cluster


def _documented() -> click.Command:
    @click.command(cls=IndexCommand, context_settings={"help_option_names": ["-h"]})
    @index_option
    def command(index: Location) -> None: ...

    return command


@pytest.mark.parametrize("seconds", ["nan", "inf", "1e15", "1e30", "0", "-1", "1e-300", "86401"])
def test_a_timeout_is_a_number_of_seconds_that_can_be_waited(seconds: str) -> None:
    assert "--timeout" in asked("--index", URL, "--timeout", seconds)
    assert asked("--index", URL, "--timeout", "86400").access.timeout == 86_400
