"""The encryption of a connection: whom we trust, who we are, and what went wrong with either."""

import ssl
from pathlib import Path

from indexer.engines.location import Access
from indexer.engines.opensearch.connecting.address import Address
from indexer.engines.opensearch.connecting.connection_errors import (
    CertificateRefused,
    UntrustedCertificate,
    UnusableCertificate,
    WrongScheme,
)
from indexer.errors import IndexerError

_EXPIRED, _NOT_YET_VALID, _OTHER_HOST, _OTHER_IP = 10, 9, 62, 64  # X509_V_ERR_… of OpenSSL

_OF_OUR_CERTIFICATE = ("CERTIFICATE", "UNKNOWN_CA", "ACCESS_DENIED", "HANDSHAKE_FAILURE")
"""What the names of TLS alerts hold that a server sends about a client's certificate, or for want of one."""


class _Encrypted(Exception):
    """A key asks for a passphrase."""


def context(access: Access) -> ssl.SSLContext:
    """Trusts the authorities of the access, or the system's, and shows its certificate if it has one.

    Raises:
        UnusableCertificate: a file is not there, is no PEM, or key and certificate do not belong together.
    """
    try:
        made = ssl.create_default_context(cafile=None if access.ca is None else str(access.ca))
    except OSError as error:
        raise UnusableCertificate(path=access.ca, why=_reason(error)) from error
    if access.certificate is None:
        return made
    try:
        made.load_cert_chain(access.certificate, access.key, password=_refuse_passphrase)
    except OSError as error:
        raise UnusableCertificate(path=_culprit(access.certificate, access.key), why=_reason(error)) from error
    except _Encrypted as error:
        why = "it asks for a passphrase; give a key without one, which only its owner may read"
        raise UnusableCertificate(path=access.key or access.certificate, why=why) from error
    return made


def fault(error: ssl.SSLError, address: Address) -> IndexerError | None:
    """What stands in the way of a safe connection, and will until someone does something; None for what may pass."""
    reason = error.reason or ""
    if isinstance(error, ssl.SSLCertVerificationError):
        return UntrustedCertificate(address=address, why=_distrust(error))
    if reason in ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "UNKNOWN_PROTOCOL", "HTTP_REQUEST"):
        return WrongScheme(address=address, other="http")
    if "ALERT" in reason and any(word in reason for word in _OF_OUR_CERTIFICATE):
        return CertificateRefused(address=address, reason=reason)
    return None


def _distrust(error: ssl.SSLCertVerificationError) -> str:
    match error.verify_code:
        case code if code == _EXPIRED:
            return "it has expired; have the cluster's certificate renewed"
        case code if code == _NOT_YET_VALID:
            return "it is not valid yet; check this computer's clock"
        case code if code in (_OTHER_HOST, _OTHER_IP):
            return f"it is for another host ({error.verify_message.rstrip('.')}); use a name that it is for"
        case _:
            said = error.verify_message.rstrip(".")
            return f"no authority trusted here has signed it ({said}); name the right one's PEM file with --ca-cert"


def _refuse_passphrase() -> str:
    """In place of OpenSSL's own question on the terminal."""
    raise _Encrypted


def _culprit(certificate: Path, key: Path | None) -> Path:
    """Of two files, the one that is not there; else the certificate."""
    return key if key is not None and certificate.exists() and not key.exists() else certificate


def _reason(error: OSError) -> str:
    if isinstance(error, ssl.SSLError):
        match error.reason:
            case "KEY_VALUES_MISMATCH":
                return "it and the key do not belong together"
            case _:
                return "it is not the PEM file that is wanted"
    return error.strerror or str(error)
