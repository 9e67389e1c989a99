"""Where an index is and how to reach it: a folder, or a URL with the secrets that its cluster asks for."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How to be let into a cluster; a folder needs none of it. Secrets are left out of `repr`, so of logs too."""

    user: str = ""
    password: str = field(default="", repr=False)
    api_key: str = field(default="", repr=False)
    """Sent as `Authorization: ApiKey …`."""
    ca: Path | None = None
    """A PEM bundle of the authorities to trust; None: the system's."""
    certificate: Path | None = None
    """A client certificate (PEM), and its key unless the file holds both."""
    key: Path | None = None
    aws_region: str = ""
    """Sign requests with AWS Signature Version 4 for this region; the credentials are those of the AWS SDK."""
    aws_service: str = "es"
    """`es`, or `aoss` for OpenSearch Serverless."""
    timeout: float = 60.0
    """Seconds without a byte after which a request is given up."""


@dataclass(frozen=True, slots=True)
class Location:
    """One index: a folder, or a URL such as `https://host:9200/pubmed`, several hosts separated by commas."""

    name: str
    access: Access = Access()

    def __str__(self) -> str:
        return without_secrets(self.name)

    def __repr__(self) -> str:
        return f"Location({str(self)!r}, {self.access!r})"


AnyLocation: TypeAlias = str | Location
"""Folders, and clusters that ask nobody who they are, can be named by a plain string."""


def without_secrets(name: str) -> str:
    """A name as messages show it: what a URL has before an '@', where others write a user and a password, is hidden.

    So is it of what may be a URL without its beginning (`ann:secret@host`), but of no folder such as `data/me@work`.
    """
    if "://" in name or name.startswith("//"):
        return re.sub(r"//.*@", "//…@", name, flags=re.DOTALL)
    return re.sub(r"^(?:[^/]*:.*|[^/]+)@", "…@", name, flags=re.DOTALL)


def located(where: AnyLocation) -> Location:
    """A plain name as a location without secrets."""
    return where if isinstance(where, Location) else Location(where)
