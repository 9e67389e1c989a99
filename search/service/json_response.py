"""Answers as JSON: float32 as the shortest decimals that give the same bits back, and no float without its point."""

from collections.abc import Mapping

import orjson
from starlette.responses import Response


class JsonResponse(Response):
    """JSON of what is given; numpy's arrays are written without a list of Python floats in between."""

    def __init__(self, content: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        body = orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY)
        super().__init__(body, status_code=status, headers=headers, media_type="application/json")
