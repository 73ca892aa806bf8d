"""Who we are at Zendesk, what the role hides, and what a full pull would cost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import httpx

from deskferry.connectors.kit.contract import Account, Estimate, Mode, Raw
from deskferry.connectors.kit.limits import ACCOUNT, number
from deskferry.connectors.kit.session import Session
from deskferry.connectors.zendesk.exports import EXPORT_SIZE
from deskferry.connectors.zendesk.streams import STREAMS
from deskferry.errors import Refused

_RESTRICTIONS = {
    "organization": "of the user's organization", "groups": "of the user's groups", "assigned": "assigned to the user",
    "requested": "requested by the user",
}  # fmt: skip


def read_account(session: Session, *, by_token: bool) -> Account:
    """Return who we are by one call, and the scopes by another where the credentials are an OAuth token.

    Vendor: with bad credentials `/users/me` may answer 200 and an anonymous user without an id.
    """
    answer = session.request_json("GET", "users/me")
    user: Raw = (answer.body or {}).get("user") or {}
    if user.get("id") is None:
        raise Refused(
            "zendesk: GET users/me names an anonymous user: the credentials are missing or not valid.",
            "Check the credentials of this connection (deskferry check), or log in again (deskferry login).",
        )
    host = _host(user.get("url")) or httpx.URL(session.base_url).host
    told = number(answer.headers.get("x-rate-limit"))
    scopes = _scopes(session) if by_token else ()
    return Account(
        id=host,
        name=host.split(".", maxsplit=1)[0],
        user=user.get("email") or user.get("name"),
        role=user.get("role"),
        scopes=scopes,
        limits={ACCOUNT: told} if told else {},
        hides=tuple(_hidden(user, scopes)),
    )


def _host(url: str | None) -> str:
    """Return the host in a record's own address: the account, whatever proxy or mapped host is called."""
    return httpx.URL(url).host if url else ""


def _scopes(session: Session) -> tuple[str, ...]:
    answer = session.request_json("GET", "oauth/tokens/current", allow=(400, 403, 404))
    token = (answer.body or {}).get("token") if answer.status == 200 and isinstance(answer.body, dict) else None
    return tuple(str(one) for one in (token or {}).get("scopes") or ())


def _hidden(user: Raw, scopes: Iterable[str]) -> Iterator[str]:
    if user.get("role") != "admin":
        yield (
            "The role is no administrator's: the exports are refused, so that archived and deleted tickets, service "
            "level events and ratings are missing, and each ticket costs two calls. Use an administrator's token."
        )
    restriction = user.get("ticket_restriction")
    if restriction:
        which = _RESTRICTIONS.get(restriction, str(restriction))
        yield f"The role sees only tickets {which}. Use the token of a user without restriction."
    given = set(scopes)
    if given and "read" not in given and not any(one in given for one in ("read write", "write read")):
        yield f"The token's scopes are {', '.join(sorted(given))}: audits and other lists need `read`."


_COUNTED = {"tickets": EXPORT_SIZE, "users": EXPORT_SIZE, "organizations": EXPORT_SIZE}


def estimate(session: Session) -> list[Estimate]:
    """Return what a full pull would cost, by three counters; counts beyond 100,000 are a day old at most."""
    counted = {name: _count(session, name) for name in _COUNTED}
    found = []
    for stream in STREAMS:
        rows: int | None = counted.get(stream.name)
        note = ""
        calls: int | None = None if stream.mode is not Mode.FULL else 1
        if stream.name in _COUNTED and rows is not None:
            calls = max(1, -(-rows // _COUNTED[stream.name]))
        if stream.name == "tickets":
            note = "archived tickets are not counted, and are read"
        elif stream.name == "ticket_events":
            note = "one call for each 1,000 updates"
        elif stream.mode is Mode.FULL:
            note = "one call for each 100"
        found.append(Estimate(stream.name, rows, calls, note))
    return found


def _count(session: Session, name: str) -> int | None:
    answer = session.request_json("GET", f"{name}/count", allow=(403, 404))
    known: Any = (answer.body or {}).get("count") if answer.status == 200 and isinstance(answer.body, dict) else None
    value = known.get("value") if isinstance(known, dict) else known
    return value if isinstance(value, int) else None
