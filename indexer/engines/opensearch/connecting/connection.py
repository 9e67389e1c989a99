"""Requests to a cluster: one place that sends them, reads the answers, and turns failures into our errors."""

import logging
from collections.abc import Collection, Mapping
from typing import Any

import orjson
from opensearchpy import Transport
from opensearchpy.exceptions import ConnectionError as NotConnected

from indexer.engines.location import Access
from indexer.engines.opensearch.connecting import tls, unreachable
from indexer.engines.opensearch.connecting.address import Address
from indexer.engines.opensearch.connecting.connection_errors import NotOpenSearch
from indexer.engines.opensearch.connecting.identity import authorization, name_of, signer
from indexer.engines.opensearch.connecting.node import Answer, Node
from indexer.engines.opensearch.connecting.refusals import refusal, refusal_of
from indexer.engines.opensearch.errors import RequestRefused

_PAUSE_OF_DEAD_NODES = 5
"""Seconds before a node that did not answer is tried again; doubled with each failure in a row."""
_LONGEST_PAUSE = 3
"""Doublings: 40 s."""

_READING = frozenset({"_search", "_msearch", "_mget", "_count", "_refresh", "point_in_time"})
"""How paths of POSTs end that change nothing, so that they may be sent again."""

_PASSING = frozenset({502, 503, 504})

_HERE = frozenset({"localhost", "127.0.0.1", "::1"})

log = logging.getLogger(__name__)


class Cluster:
    """A connection to the nodes of one cluster. Safe to share between threads.

    A node that does not answer is left alone for a while, and requests go to the others. What only reads is then sent
    again at once, and so is what cannot have reached the node; anything else is for the caller to send again.
    """

    def __init__(self, address: Address, access: Access, *, connections: int = 16) -> None:
        """Connect to nothing yet.

        Args:
            address: of the index.
            access: how to be let in.
            connections: to each node that are kept open; more requests at once than that connect anew.

        Raises:
            UnusableCertificate, UnusableSecret, NotSigned: the access cannot be used.
        """
        self.address = address
        self._timeout = access.timeout
        self._who = name_of(access)
        is_encrypted = address.scheme == "https"
        if not is_encrypted:
            _warn_of_plain_secrets(address, access)
        self._transport = Transport(
            [{"host": host, "port": port, "url_prefix": address.prefix} for host, port in address.hosts],
            connection_class=Node,
            use_ssl=is_encrypted,
            ssl_context=tls.context(access) if is_encrypted else None,
            headers=authorization(access),
            http_auth=signer(access),
            pool_maxsize=connections,
            timeout=access.timeout,
            dead_timeout=_PAUSE_OF_DEAD_NODES,
            timeout_cutoff=_LONGEST_PAUSE,
        )

    def request(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        doing: str,
        params: Mapping[str, str] | None = None,
        ignore: Collection[int] = (),
        timeout: float | None = None,
    ) -> Any:
        """The decoded answer; of HEAD, whether there is one.

        Args:
            method: of HTTP.
            path: with a slash in front, percent-encoded.
            body: sent as JSON; bytes go out as they are.
            doing: what messages say that was tried: "read the mapping of 'pubmed'".
            params: of the URL's query.
            ignore: statuses of errors that are answers too (404).
            timeout: seconds, in place of the access's own.

        Raises:
            ClusterUnreachable: no node answered; ClusterTimeout: not in time.
            UntrustedCertificate, CertificateRefused, WrongScheme: no safe connection.
            RequestRefused: and its kinds NotLetIn, MissingRight, IndexBlocked, DiskFull.
            NotOpenSearch: something else answered.
        """
        seconds = timeout or self._timeout
        reads = method in ("GET", "HEAD") or (method == "POST" and path.rpartition("/")[2] in _READING)
        others = len(self.address.hosts) if reads else len(self.address.hosts) - 1
        sent = _encoded(body)
        while True:
            try:
                return self._send(method, path, params, sent, ignore, seconds)
            except NotConnected as error:
                if others == 0 or not self._may_go_elsewhere(error, reads=reads):
                    raise unreachable.explained(error, address=self.address, seconds=seconds, doing=doing) from error
            except Answer as error:
                if others == 0 or not (reads and error.status in _PASSING and len(self.address.hosts) > 1):
                    raise refusal(error, address=self.address, who=self._who, doing=doing) from error
            others -= 1

    def refused(self, status: int, error: Mapping[str, Any], *, doing: str) -> RequestRefused:
        """The error of one item of a bulk or msearch answer, as one that `request` would raise for it."""
        return refusal_of(status, error, address=self.address, who=self._who, doing=doing)

    def cut(self) -> None:
        """End the requests that are under way; each raises ClusterUnreachable where it waits. New ones may follow."""
        for node, _ in self._transport.connection_pool.connection_opts:
            node.cut()

    def close(self) -> None:
        """Let go of the connections."""
        for node, _ in self._transport.connection_pool.connection_opts:  # those left alone too
            node.close()

    def _send(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None,
        body: bytes | None,
        ignore: Collection[int],
        seconds: float,
    ) -> Any:
        """What one node answers. One that does not, or says that it cannot now, is left alone for a while.

        Transport's own `perform_request` does the same in three times the steps, which a search feels.
        """
        pool, node = self._transport.connection_pool, self._transport.get_connection()
        try:
            status, _, answer = node.perform_request(method, path, params, body, timeout=seconds, ignore=ignore)
        except NotConnected:
            pool.mark_dead(node)
            raise
        except Answer as error:
            if method == "HEAD" and error.status == 404:
                return False
            if error.status in _PASSING:
                pool.mark_dead(node)
            raise
        pool.mark_live(node)
        return 200 <= status < 300 if method == "HEAD" else self._decoded(answer)

    def _decoded(self, answer: bytes) -> dict[str, Any]:
        """The answer, if it is of the kind that OpenSearch gives: an object."""
        try:
            said = orjson.loads(answer)
        except ValueError as error:
            raise NotOpenSearch(address=self.address, found=f"broken JSON ({error})") from error
        if not isinstance(said, dict):
            raise NotOpenSearch(address=self.address, found=f"JSON that is no object ({str(said)[:40]!r})")
        return said

    def _may_go_elsewhere(self, error: NotConnected, *, reads: bool) -> bool:
        """Whether sending it to another node can help, and cannot do a thing twice."""
        if unreachable.is_late(error) or unreachable.is_unsafe(error, self.address):
            return False
        return reads or not unreachable.was_sent(error)


def _encoded(body: object) -> bytes | None:
    """As JSON, unless it is that already."""
    if body is None or isinstance(body, bytes):
        return body
    return orjson.dumps(body, option=orjson.OPT_SERIALIZE_NUMPY)


def _warn_of_plain_secrets(address: Address, access: Access) -> None:
    """Secrets that leave this machine unencrypted can be read by all that they pass."""
    if (access.user or access.api_key) and not {host for host, _ in address.hosts} <= _HERE:
        log.warning("%s is asked over http, which shows the password or key to the network. Use https.", address)
