"""What can go wrong with a request to the model server: one base, `ServiceError`, and a kind for each thing."""

from collections.abc import Iterable

from search.errors import SearchError


class ServiceError(SearchError):
    """A request cannot be answered as asked, or not now; the message says what to do next."""


class Overloaded(ServiceError):
    """As much work waits as may: this request was refused at once, and nothing of it was computed."""

    def __init__(self, retry_after: int) -> None:
        self.retry_after = retry_after
        """Whole seconds, at least 1, after which it is worth asking again."""
        super().__init__(f"The server has as much waiting work as it takes. Ask again in {retry_after} s.")


class RequestTooLarge(ServiceError):
    """A request with more texts, or a longer text, than the server takes."""

    def __init__(self, *, what: str, given: int, most: int, advice: str) -> None:
        super().__init__(f"The request has {given:,} {what}, and this server takes {most:,}. {advice}")


class UnknownServedModel(ServiceError):
    """No model of that name is served, or not for what was asked."""

    def __init__(self, *, name: str, served: Iterable[str]) -> None:
        super().__init__(f"No model {name[:200]!r} is served for that. Served: {', '.join(served) or 'none'}.")


class SameName(ServiceError):
    """Two sets that are to be served have one name, so that no request could say which is meant."""

    def __init__(self, *, name: str, folders: Iterable[str]) -> None:
        super().__init__(f"Sets of one name, {name!r}, cannot be served side by side: {', '.join(folders)}.")


class TimedOut(ServiceError):
    """The time limit passed while the request waited; what was left of it was not computed."""

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"The request was not answered within {seconds:g} s, and what was left of it was given up. "
            "Send fewer texts at once, or ask again when there is less to do."
        )


class Stopping(ServiceError):
    """The server is shutting down and takes no more work."""

    def __init__(self) -> None:
        super().__init__("The server is stopping and takes no more work. Ask again when it is back.")


class CannotListen(ServiceError):
    """The server cannot have the address that it was given."""

    def __init__(self, *, host: str, port: int, reason: str) -> None:
        super().__init__(f"Cannot listen on {host!r}, port {port}: {reason}. Choose others with --host and --port.")


class OpenToAll(ServiceError):
    """The server would answer anyone who can reach this machine."""

    def __init__(self, *, host: str) -> None:
        super().__init__(
            f"On {host!r} other machines can reach the server, and it has no key. Give it keys with --key-file FILE or "
            "BIOCPT_SERVE_KEYS, or say --insecure where the network lets in nobody else."
        )
