"""A certificate authority for one test run, made by the `openssl` command: certificates for nodes and for users."""

import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

from tests.opensearch.java import MissingTool

ORGANISATION = "biocpt tests"


class Certificate(NamedTuple):
    """Two PEM files; the key is PKCS#8 and has no password."""

    certificate: Path
    key: Path


class Authority:
    """Signs certificates for a day, with its own in `ca.pem`.

    Raises:
        MissingTool: there is no `openssl`.
    """

    def __init__(self, folder: Path) -> None:
        if shutil.which("openssl") is None:
            raise MissingTool("openssl is not installed. Install it: it makes the certificates of the secured node.")
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self.ca = folder / "ca.pem"
        self._key = folder / "ca-key.pem"
        _openssl(
            *("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", subject("authority")),
            *("-addext", "keyUsage=critical,keyCertSign,cRLSign"),  # RFC 5280 wants it, and so does Python from 3.13 on
            *("-keyout", self._key, "-out", self.ca),
        )

    def issue(self, name: str, *, hosts: tuple[str, ...] = ()) -> Certificate:
        """A certificate for that common name; `hosts` are such as `DNS:localhost` and `IP:127.0.0.1`."""
        request, signed, key = (self._folder / f"{name}{end}" for end in (".csr", ".pem", "-key.pem"))
        extensions = self._folder / f"{name}.ext"
        lines = ["basicConstraints=CA:FALSE", "extendedKeyUsage=serverAuth,clientAuth"]
        lines += ["subjectKeyIdentifier=hash", "authorityKeyIdentifier=keyid"]
        if hosts:
            lines.append(f"subjectAltName={','.join(hosts)}")
        extensions.write_text("\n".join(lines), encoding="utf-8")
        _openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", subject(name), "-keyout", key, "-out", request)
        _openssl(
            *("x509", "-req", "-in", request, "-days", "1", "-CA", self.ca, "-CAkey", self._key, "-CAcreateserial"),
            *("-extfile", extensions, "-out", signed),
        )
        return Certificate(signed, key)


def subject(name: str) -> str:
    """As openssl wants it."""
    return f"/O={ORGANISATION}/CN={name}"


def distinguished_name(name: str) -> str:
    """The same subject as OpenSearch's settings want it: the most exact part first."""
    return f"CN={name},O={ORGANISATION}"


def _openssl(*arguments: str | Path) -> None:
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"openssl {arguments[0]} failed: {done.stderr.strip()}")
