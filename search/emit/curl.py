"""An emission as a script for bash: each command can be copied out of it and run by itself."""

import shlex
from collections.abc import Iterator

from indexer.engines.location import Access
from search.display import printable
from search.emit.emission import Emission, Emitted

NOBODY = Access()

_SECRET = '${{{name}:-$(cat "${{{name}_FILE}}")}}'
"""A secret as bash reads it: from the variable that biocpt reads it from, or from the file that another names."""

_END = "JSON"
"""Ends a body: no line of one begins with a letter."""


def script(emission: Emission, access: Access = NOBODY) -> str:
    """The whole script. No secret stands in it: it reads those of `access` from the variables that biocpt reads.

    Bodies are here-documents with a quoted end, in which bash changes nothing, and as long as they like.
    """
    head = [f"Question: {emission.question}", f"For {emission.server}.", *emission.notes]
    parts = ["\n".join(map(_comment, head))]
    parts += (_command(request, emission.to, access) for request in emission.requests)
    return "\n\n".join(parts) + "\n"


def _command(request: Emitted, to: str, access: Access) -> str:
    said = [request.name, request.about, *([f"Order: {request.order}"] if request.order else [])]
    words = ["curl", "--silent", "--show-error", "--fail-with-body", *letting_in(access)]
    words += ["--request", request.method, "--header", shlex.quote(f"Content-Type: {request.kind}")]
    words += ["--write-out", r"'\n'", "--data-binary", "@-", _url(to, request.path)]
    return "\n".join([*map(_comment, said), f"{' '.join(words)} <<'{_END}'", request.body.decode() + _END])


def _url(to: str, path: str) -> str:
    """One word of bash; an address may be a variable."""
    return f'"{to}"{shlex.quote(path)}' if to.startswith("$") else shlex.quote(to + path)


def letting_in(access: Access) -> Iterator[str]:
    """Words of bash that tell curl who asks, and whom to trust; secrets are read from variables when it runs."""
    if access.user:
        yield from ("--user", shlex.quote(f"{access.user}:") + f'"{_secret("BIOCPT_OPENSEARCH_PASSWORD")}"')
    if access.api_key:
        yield from ("--header", f'"Authorization: ApiKey {_secret("BIOCPT_OPENSEARCH_API_KEY")}"')
    if access.aws_region:
        yield from ("--aws-sigv4", shlex.quote(f"aws:amz:{access.aws_region}:{access.aws_service}"))
        yield from ("--user", '"$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY"')
        yield from ("--header", '"x-amz-security-token: $AWS_SESSION_TOKEN"')
    for option, file in (("--cacert", access.ca), ("--cert", access.certificate), ("--key", access.key)):
        if file is not None:
            yield from (option, shlex.quote(str(file)))


def _secret(name: str) -> str:
    return _SECRET.format(name=name)


def _comment(line: str) -> str:
    """One line, whatever it holds."""
    return f"# {printable(line)}".replace("\u2028", " ").replace("\u2029", " ").rstrip()
