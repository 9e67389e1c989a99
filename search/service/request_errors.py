"""What can be wrong with a request before a model sees it: its body, its key, one of its fields."""

from collections.abc import Iterable

from search.service.errors import ServiceError


class MalformedJson(ServiceError):
    """A body that is no JSON: broken off, nested too deeply, not UTF-8, or with half of a surrogate pair."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The body is no JSON that can be read: {reason}. Send one JSON object in UTF-8.")


class NotJson(ServiceError):
    """A body that does not say that it is JSON."""

    def __init__(self, content_type: str) -> None:
        super().__init__(f"The body's Content-Type is {content_type[:100]!r}. Send it as 'application/json'.")


class BodyTooLarge(ServiceError):
    """A body with more bytes than the server takes, by what it declares or by what has arrived."""

    def __init__(self, most: int) -> None:
        super().__init__(
            f"The body is larger than the {most:,} bytes that this server takes. Send fewer texts at once."
        )


class SlowBody(ServiceError):
    """A body that had not arrived when the time limit passed."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"The body did not arrive within {seconds:g} s. Send it again, without pauses.")


class WrongKey(ServiceError):
    """No API key, or one that is none of the server's."""

    def __init__(self) -> None:
        super().__init__(
            "This server asks for an API key. Send the header 'Authorization: Bearer KEY' with one of its keys."
        )


class InvalidField(ServiceError):
    """A field with a value that has no meaning, or that asks for what the model cannot do."""

    def __init__(self, field: str, problem: str) -> None:
        self.field = field
        """Where in the body it is, such as `input.3`; "" for the body as a whole."""
        super().__init__(f"{field}: {problem}." if field else f"{problem}.")


class SideNotSaid(InvalidField):
    """A model that stands for two encoders, and nothing says which of them is meant."""

    def __init__(self, name: str | None, sides: Iterable[str]) -> None:
        what = "No model is named, and two could be meant" if name is None else f"{name!r} stands for two encoders"
        super().__init__("model", f"{what}, whose vectors differ. Name one of them: {', '.join(sides)}")
