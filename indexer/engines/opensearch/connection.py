"""Requests to a cluster: one place that sends them, reads the answers, and turns failures into our errors."""

from collections.abc import Collection, Mapping
from typing import Any

import orjson
from opensearchpy import Transport
from opensearchpy.exceptions import ConnectionError as NotConnected
from opensearchpy.exceptions import TransportError
from opensearchpy.serializer import Serializer

from indexer.engines.location import Access
from indexer.engines.opensearch.address import Address
from indexer.engines.opensearch.errors import ClusterUnreachable, RequestRefused


class _Orjson(Serializer):
    """Bodies that are bytes already go out as they are."""

    mimetype = "application/json"

    def loads(self, s: str) -> Any:
        return orjson.loads(s)

    def dumps(self, data: Any) -> Any:
        return data if isinstance(data, bytes | str) else orjson.dumps(data, option=orjson.OPT_SERIALIZE_NUMPY)


class Cluster:
    """A connection to the nodes of one cluster. Safe to share between threads."""

    def __init__(self, address: Address, access: Access, *, connections: int = 4) -> None:
        self.address = address
        self._transport = Transport(
            [{"host": host, "port": port, "url_prefix": address.prefix} for host, port in address.hosts],
            serializer=_Orjson(),
            use_ssl=address.scheme == "https",
            pool_maxsize=connections,
            timeout=access.timeout,
            max_retries=0,
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
        """The decoded answer.

        Args:
            method: of HTTP.
            path: with a slash in front, percent-encoded.
            body: sent as JSON; bytes go out as they are.
            doing: what messages say that was tried: "read the mapping of 'pubmed'".
            params: of the URL's query.
            ignore: statuses of errors that are answers too (404).
            timeout: seconds, in place of the access's own.

        Raises:
            ClusterUnreachable: no node answered.
            RequestRefused: and its kinds.
        """
        try:
            return self._transport.perform_request(
                method, path, params=dict(params or {}), body=body, ignore=ignore, timeout=timeout
            )
        except NotConnected as error:
            raise ClusterUnreachable(address=self.address, reason=error.info) from error
        except TransportError as error:
            raise RequestRefused(
                address=self.address,
                status=int(error.status_code),
                kind=str(error.error),
                reason=_reason(error.info),
                doing=doing,
            ) from error

    def close(self) -> None:
        """Let go of the connections."""
        self._transport.close()


def _reason(info: object) -> str:
    error = info.get("error") if isinstance(info, Mapping) else None
    if isinstance(error, Mapping):
        causes = error.get("root_cause") or [error]
        return str(causes[0].get("reason") or error.get("reason"))
    return str(error or info)[:300]
