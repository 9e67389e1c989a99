"""What can go wrong between us and a cluster: the way there, who asks, what is allowed, and who answers."""

from indexer.engines.opensearch.errors import ClusterUnreachable, RequestRefused
from indexer.errors import IndexerError


class ClusterTimeout(ClusterUnreachable):
    """A node took longer to answer than it was given; what was asked may have been done all the same."""

    def __init__(self, *, address: object, seconds: float, doing: str) -> None:
        IndexerError.__init__(
            self,
            f"The cluster at {str(address)!r} was given {seconds:g} s to {doing}, and did not answer. "
            "Give it more with --timeout, or look at its load; what was stored stays.",
        )


class WrongScheme(IndexerError):
    """http was spoken to a port for https, or the reverse."""

    def __init__(self, *, address: object, other: str) -> None:
        super().__init__(f"The port of {str(address)!r} speaks {other}. Begin the URL with {other}://.")


class UntrustedCertificate(IndexerError):
    """The cluster's certificate proves nothing to us."""

    def __init__(self, *, address: object, why: str) -> None:
        super().__init__(f"The certificate of the cluster at {str(address)!r} is not trusted: {why}.")


class CertificateRefused(IndexerError):
    """The cluster wants a client certificate, or does not accept the one it was shown."""

    def __init__(self, *, address: object, reason: str) -> None:
        super().__init__(
            f"The cluster at {str(address)!r} wants a client certificate that it trusts ({reason}). "
            "Name one with --client-cert and --client-key."
        )


class UnusableCertificate(IndexerError):
    """A file of certificates or a key cannot be used."""

    def __init__(self, *, path: object, why: str) -> None:
        super().__init__(
            f"'{path}' cannot be used to connect: {why}. Check --ca-cert, --client-cert and --client-key: PEM files."
        )


class UnusableSecret(IndexerError):
    """A user, password or API key cannot be sent; the message does not show it."""

    def __init__(self, *, what: str, why: str) -> None:
        super().__init__(f"The {what} for the cluster cannot be sent: {why}. Check where it is given.")


class NotSigned(IndexerError):
    """A request cannot be signed for AWS."""

    def __init__(self, *, why: str) -> None:
        super().__init__(f"Requests cannot be signed for AWS: {why}.")


class NotOpenSearch(IndexerError):
    """Something else answers there: Elasticsearch, a web server, the page of a proxy."""

    def __init__(self, *, address: object, found: str) -> None:
        super().__init__(
            f"At {str(address)!r} answers {found}, which is not OpenSearch. Check the URL, its port and its path."
        )


class OldServer(IndexerError):
    """The cluster's version lacks what we need."""

    def __init__(self, *, address: object, version: str, oldest: str) -> None:
        super().__init__(
            f"The cluster at {str(address)!r} runs OpenSearch {version}; {oldest} is the oldest that can be used "
            "(tested: 2.19 and 3.x). Upgrade it."
        )


class HiddenVersion(IndexerError):
    """The cluster calls itself Elasticsearch 7.10.2, for the sake of old clients."""

    def __init__(self, *, address: object) -> None:
        super().__init__(
            f"The cluster at {str(address)!r} runs OpenSearch, but hides its version from old clients. Let it tell: "
            "PUT /_cluster/settings with compatibility.override_main_response_version set to false."
        )


class MissingPlugin(IndexerError):
    """The cluster lacks a plugin."""

    def __init__(self, *, address: object, plugin: str, without: str) -> None:
        super().__init__(
            f"The cluster at {str(address)!r} has no plugin {plugin!r} on every data node. Install it with "
            f"`opensearch-plugin install`, or {without}."
        )


class NotLetIn(RequestRefused):
    """401: the cluster does not know who asks."""

    def __init__(self, *, address: object, who: str, doing: str) -> None:
        self.status, self.kind, self.reason = 401, "unauthorized", "Unauthorized"
        advice = "Check --user and its password (BIOCPT_OPENSEARCH_PASSWORD)"
        if who == "nobody":
            said, advice = "asks who wants to", "Give --user and BIOCPT_OPENSEARCH_PASSWORD, or a client certificate"
        else:
            said = f"does not accept {who}, asked to"
        IndexerError.__init__(self, f"The cluster at {str(address)!r} {said} {doing} (401). {advice}.")


class MissingRight(RequestRefused):
    """403: who asks may not do that.

    Attributes:
        rights: the names of what is missing, as roles name them; empty where the server did not say.
    """

    def __init__(
        self, *, address: object, reason: str, kind: str, doing: str, who: str, rights: tuple[str, ...], todo: str
    ) -> None:
        self.status, self.kind, self.reason, self.rights = 403, kind, reason, rights
        if rights:
            missing = f"{who} lacks the right {' and '.join(map(repr, rights))} to {doing}"
        else:
            missing = f"{who} may not {doing}: {reason}"
        IndexerError.__init__(self, f"At {str(address)!r}, {missing} (403). {todo}")


class IndexBlocked(RequestRefused):
    """An operator, or the cluster itself, has made an index or the whole cluster read-only."""

    def __init__(self, *, address: object, status: int, reason: str, doing: str) -> None:
        self.status, self.kind, self.reason = status, "cluster_block_exception", reason
        IndexerError.__init__(
            self,
            f"The cluster at {str(address)!r} is blocked and refused to {doing}: {reason} ({status}). Lift the block "
            '(PUT /INDEX/_settings {"index.blocks.write": null, "index.blocks.read_only": null}, or of the whole '
            'cluster "cluster.blocks.read_only": null), then run the same command again.',
        )


class DiskFull(IndexBlocked):
    """The cluster's disks are nearly full, and it takes nothing more (its flood stage)."""

    def __init__(self, *, address: object, status: int, reason: str, doing: str) -> None:
        self.status, self.kind, self.reason = status, "cluster_block_exception", reason
        lift = 'PUT /INDEX/_settings {"index.blocks.read_only_allow_delete": null}'
        if "create-index" in reason:
            lift = 'PUT /_cluster/settings {"persistent": {"cluster.blocks.create_index": null}}'
        IndexerError.__init__(
            self,
            f"The disks of the cluster at {str(address)!r} are full, and it refused to {doing}: {reason} ({status}). "
            f"Free or add disk; the block goes by itself after a while, or with {lift}. "
            "Then run the same command again.",
        )
