"""How much one request, and all of them together, may ask of the model server."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The bounds of a server. What lies beyond them is refused at once, and the answer names the bound."""

    texts: int = 2048
    """Most texts (or documents to re-rank) in one request; OpenAI's own bound."""
    characters: int = 100_000
    """Most characters in one text. Models read far fewer; the rest would be cut, so this only bounds the work."""
    body_bytes: int = 16 * 2**20
    """Most bytes in a request's body."""
    waiting_seconds: float = 10.0
    """A request that would begin later than this is refused, by the speed measured last.

    An answer then comes within this time and that of the request's own work, whatever the load.
    """
    waiting_tokens: int = 1_000_000
    """Most tokens that are to be computed, all requests together, to bound memory; one alone is always taken."""
    seconds: float = 60.0
    """How long a request may take from its admission; what is left of it then is not computed."""
    connections: int = 1000
    """Most open connections. One more takes the place of the one that has kept the server waiting longest."""
    header_seconds: float = 10.0
    """How long a client may take to send a request's headers, counted from connecting."""
    idle_seconds: int = 75
    """How long a connection is kept open between two requests.

    Longer than clients keep theirs (httpx 5 s, AWS's and Apache's up to 60 s): one that the server closes first may be
    just the one that a request is sent on. An idle connection keeps nobody out, see `connections`.
    """
    stopping_seconds: int = 30
    """How long requests that are being answered have when the server is told to stop."""
