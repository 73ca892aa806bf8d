"""`Idempotency-Key`, which only `POST /tickets` honours: for two hours the same key gets the same answer."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from deskferry.simulators.kernel import SimResponse
from deskferry.simulators.zendesk.errors import refuse
from deskferry.simulators.zendesk.routing import Call

LIFETIME: Final = 7200
LONGEST: Final = 255
HEADER: Final = "x-idempotency-lookup"


@dataclass(frozen=True, slots=True)
class Answer:
    """The first answer to a key, and what it answered."""

    at: float
    digest: str
    response: SimResponse


def once(call: Call, fresh: Callable[[], SimResponse]) -> SimResponse:
    """Return the answer to a request, the first one again if its key was used before for the same body."""
    key = call.request.headers.get("idempotency-key")
    if not key:
        return fresh()
    if len(key) > LONGEST:
        raise refuse(400, {"error": "IdempotentRequestError", "description": "The idempotency key is too long"})
    answers, now = call.state.written.answers, call.state.clock.now()
    digest = hashlib.sha256(call.request.body).hexdigest()
    known: Answer | None = answers.get(key)
    if known is not None and known.at > now - LIFETIME:
        if known.digest != digest:
            text = "Request parameters do not match those of the first request with this idempotency key"
            raise refuse(400, {"error": "IdempotentRequestError", "description": text})
        first = known.response
        return SimResponse(first.status, first.body, {**first.headers, HEADER: "hit"})
    response = fresh()
    answers[key] = Answer(now, digest, response)
    return SimResponse(response.status, response.body, {**response.headers, HEADER: "miss"})
