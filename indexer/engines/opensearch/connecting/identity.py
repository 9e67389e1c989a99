"""Who asks: the headers that say so, or the signature that AWS wants."""

import base64
from collections.abc import Callable
from typing import Any

from indexer.engines.location import Access
from indexer.engines.opensearch.connecting.connection_errors import NotSigned, UnusableSecret

Sign = Callable[[str, str, Any], dict[str, str]]
"""Takes method, URL and body; gives the headers to send."""


def name_of(access: Access) -> str:
    """How messages call who asks; never a secret."""
    if access.user:
        return f"user {access.user!r}"
    if access.api_key:
        return "the holder of the API key"
    if access.aws_region:
        return "the AWS identity"
    return "the holder of the client certificate" if access.certificate else "nobody"


def authorization(access: Access) -> dict[str, str]:
    """The header of a user or an API key; none for others.

    Raises:
        UnusableSecret: it holds what HTTP cannot carry.
    """
    if access.user:
        if ":" in access.user:
            raise UnusableSecret(what="user", why="HTTP allows no ':' in one")
        pair = f"{access.user}:{access.password}".encode()
        return {"authorization": f"Basic {base64.b64encode(pair).decode()}"}
    if access.api_key:
        if not (access.api_key.isascii() and access.api_key.isprintable()):
            raise UnusableSecret(what="API key", why="it holds a line end or a sign that is not ASCII")
        return {"authorization": f"ApiKey {access.api_key}"}
    return {}


def signer(access: Access) -> Sign | None:
    """Signs with the credentials that the AWS SDK finds; None where AWS was not asked for.

    Raises:
        NotSigned: the extra is not installed, or there are no credentials.
    """
    if not access.aws_region:
        return None
    try:
        import boto3
        from botocore.exceptions import BotoCoreError
    except ImportError as error:
        raise NotSigned(why="boto3 is not installed; run: pip install 'biocpt-search[aws]'") from error
    from opensearchpy import Urllib3AWSV4SignerAuth

    try:
        credentials = boto3.Session().get_credentials()
    except BotoCoreError as error:
        raise NotSigned(why=str(error)) from error
    if credentials is None:
        raise NotSigned(why="the AWS SDK finds no credentials; run `aws configure`, or set AWS_PROFILE")
    sign = Urllib3AWSV4SignerAuth(credentials, access.aws_region, access.aws_service)

    def signed(method: str, url: str, body: Any) -> dict[str, str]:
        try:
            return dict(sign(method, url, body))
        except BotoCoreError as error:  # credentials that have run out and cannot be renewed
            raise NotSigned(why=str(error)) from error

    return signed
