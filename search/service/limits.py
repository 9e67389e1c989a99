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
    waiting_tokens: int = 200_000
    """Most tokens that wait to be computed, all requests together; a request alone is always taken."""
    seconds: float = 60.0
    """How long a request may take; what is left of it then is not computed."""
