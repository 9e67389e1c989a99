"""How a cluster lets us in: options, and secrets from the environment or files, as an `Access`. Folders need none.

Secrets are no options on purpose: a command line is seen by every process of a machine, and a TOML file is copied.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from search.cli.quantities import Quantity

if TYPE_CHECKING:
    from indexer.engines.location import Access, Location

BOTH = "BIOCPT_OPENSEARCH_"
"""Begins the variables that say how a cluster is reached; of both ends, where one is copied to another."""
FROM = "BIOCPT_OPENSEARCH_FROM_"
"""Begins those for the source of `biocpt copy`, where it has other users than the target."""

SECRETS: dict[str, str] = {
    "BIOCPT_OPENSEARCH_PASSWORD": "The password of `--user`.",
    "BIOCPT_OPENSEARCH_PASSWORD_FILE": "A file that holds it, in place of it.",
    "BIOCPT_OPENSEARCH_API_KEY": "Sent as `Authorization: ApiKey …`, in place of a user and password.",
    "BIOCPT_OPENSEARCH_API_KEY_FILE": "A file that holds it, in place of it.",
}
"""Variable → what it is. `biocpt copy` also reads each with FROM in its name."""


class AccessOption(click.Option):
    """An option that only a cluster asks for; help and reference show these apart from the rest."""


class IndexCommand(click.Command):
    """A command on an index: its help shows the options of a cluster in a section of their own."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Two sections of options."""
        every = [option for option in self.get_params(ctx) if isinstance(option, click.Option)]
        of_cluster = [option for option in every if isinstance(option, AccessOption)]
        ours = [option for option in every if option not in of_cluster]
        for title, options in (("Options", ours), ("Options of a cluster", of_cluster)):
            with formatter.section(title):
                formatter.write_dl([record for option in options if (record := option.get_help_record(ctx))])


def options() -> list[Any]:
    """The decorators of the options that make an `Access`, in the order of the help."""
    file = click.Path(path_type=Path)
    return [
        _option("user", metavar="NAME", help=f"Who asks, with the password in {BOTH}PASSWORD or …_PASSWORD_FILE."),
        _option(
            "ca_cert", type=file, metavar="FILE", help="A PEM file of the authorities to trust. [default: the system's]"
        ),
        _option("client_cert", type=file, metavar="FILE", help="A client certificate, PEM."),
        _option("client_key", type=file, metavar="FILE", help="Its key, unless --client-cert holds both."),
        _option("aws_region", metavar="NAME", help="Sign requests for AWS in this region, as who the AWS SDK finds."),
        _option(
            "aws_service",
            type=click.Choice(["es", "aoss"]),
            default="es",
            show_default=True,
            help="es: OpenSearch Service; aoss: OpenSearch Serverless.",
        ),
        _option(
            "timeout",
            type=Quantity(0.001, 86_400),
            default=60.0,
            show_default=True,
            metavar="SECONDS",
            help="Seconds without a byte after which a request is given up.",
        ),
    ]


def from_option() -> Any:
    """`--from-user`: the user of a copy's source."""
    return _option(
        "from_user",
        metavar="NAME",
        help=f"Who asks FROM, with the password in {FROM}PASSWORD or …_PASSWORD_FILE; '': nobody. [default: as for TO]",
    )


def _option(name: str, **more: Any) -> Any:
    flag, variable = f"--{name.replace('_', '-')}", f"{BOTH}{name.upper()}"
    return click.option(flag, f"cluster_{name}", cls=AccessOption, envvar=variable, **more)


def taken(values: dict[str, Any]) -> dict[str, Any]:
    """The values of our options, by their names without prefix; `values` loses them."""
    names = [name for name in values if name.startswith("cluster_")]
    return {name.removeprefix("cluster_"): values.pop(name) for name in names}


def location(name: str, given: Mapping[str, Any]) -> "Location":
    """The index `name`, with access where it is a URL, or a folder with vectors of one: others read no secret.

    Raises:
        click.UsageError: two ways to say who we are, half of one, or a secret that cannot be read.
    """
    from indexer.engines.location import Location

    if "://" in name:
        return Location(name, _access(given, BOTH))
    from indexer.engines import is_sidecar

    return Location(name, _access(given, BOTH)) if is_sidecar(Path(name)) else Location(name)


def location_with(name: str, given: Mapping[str, Any]) -> "Location":
    """The same, with access for a folder too: of one that is to be the side-car of an index in a cluster."""
    from indexer.engines.location import Location

    return Location(name, _access(given, BOTH))


def source_location(name: str, given: Mapping[str, Any]) -> "Location":
    """The index that is copied: asked as `--from-user` or with a secret of its own, else as the target is."""
    has_own = given["from_user"] is not None or any(os.environ.get(_of_source(secret)) for secret in SECRETS)
    if "://" not in name or not has_own:
        return location(name, given)
    from indexer.engines.location import Location

    return Location(name, _access({**given, "user": given["from_user"], "aws_region": None}, FROM))


def _of_source(variable: str) -> str:
    return variable.replace(BOTH, FROM)


def _access(given: Mapping[str, Any], prefix: str) -> "Access":
    from indexer.engines.location import Access

    user, region = given["user"] or "", given["aws_region"] or ""
    password, api_key = (_secret(f"{prefix}{name}") for name in ("PASSWORD", "API_KEY"))
    if bool(user) != bool(password):
        said, missing = (
            ("user", f"{prefix}PASSWORD or {prefix}PASSWORD_FILE") if user else ("password", f"{prefix}USER")
        )
        raise click.UsageError(f"A user and a password belong together, but there is only the {said}: set {missing}.")
    ways = [way for way, is_there in (("a user", user), ("an API key", api_key), ("AWS", region)) if is_there]
    if len(ways) > 1:
        raise click.UsageError(f"A cluster is told in one way who asks, but {' and '.join(ways)} are given: keep one.")
    if given["client_key"] and not given["client_cert"]:
        raise click.UsageError("--client-key belongs to a certificate: give --client-cert too.")
    return Access(
        user=user,
        password=password,
        api_key=api_key,
        ca=given["ca_cert"],
        certificate=given["client_cert"],
        key=given["client_key"],
        aws_region=region,
        aws_service=given["aws_service"],
        timeout=given["timeout"],
    )


def _secret(variable: str) -> str:
    """A secret from the variable, or from the file that another names, less the line's end; "" for none."""
    file = f"{variable}_FILE"
    value, path = os.environ.get(variable, ""), os.environ.get(file, "")
    if value and path:
        raise click.UsageError(f"Both {variable} and {file} are set: keep one.")
    if not path:
        return value
    try:
        value = Path(path).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise click.UsageError(f"{file} names {path!r}, which cannot be read: {why}.") from None
    if not value:
        raise click.UsageError(f"{file} names {path!r}, which is empty.")
    return value
