"""Zendesk's OAuth: the authorization page, which consents at once, and the token endpoint.

Grants: `authorization_code` (PKCE for the public client), `refresh_token` (single use, rotating) and
`client_credentials`. Lifetimes may be asked for: access 5 minutes to 2 days, refresh 7 to 90 days.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from deskferry.simulators.kernel import SimRequest, SimResponse, json_response
from deskferry.simulators.zendesk.auth import CLIENT_ID, CLIENT_SECRET, PUBLIC_CLIENT_ID, REFRESH_TOKEN, Auth

ACCESS_LIFETIME: Final = 1800.0
REFRESH_LIFETIME: Final = 30 * 86_400.0
_CODE_LIFETIME: Final = 120.0


def authorize(auth: Auth, request: SimRequest) -> SimResponse:
    """Answer `GET /oauth/authorizations/new`: back to the client with a code, as if somebody had consented."""
    redirect, client = request.param("redirect_uri"), request.param("client_id")
    if redirect is None or client not in (CLIENT_ID, PUBLIC_CLIENT_ID):
        return json_response(
            {"error": "invalid_request", "error_description": "Unknown client or no redirect_uri"}, 400
        )
    state = {"state": request.param("state") or ""} if request.param("state") else {}
    challenge = request.param("code_challenge") or ""
    wrong = request.param("response_type") != "code"
    if wrong or (client == PUBLIC_CLIENT_ID and request.param("code_challenge_method") != "S256"):
        return _redirect(redirect, {"error": "invalid_request", **state})
    auth.issued += 1
    code = hashlib.sha256(f"code/{client}/{auth.issued}".encode()).hexdigest()[:32]
    auth.codes[code] = {
        "client": client,
        "redirect_uri": redirect,
        "scope": request.param("scope") or "read",
        "challenge": challenge,
        "at": str(auth.clock.now()),
    }
    return _redirect(redirect, {"code": code, **state})


def _redirect(target: str, parameters: dict[str, str]) -> SimResponse:
    separator = "&" if "?" in target else "?"
    return SimResponse(302, b"", {"Location": f"{target}{separator}{urlencode(parameters)}"})


def token(auth: Auth, request: SimRequest) -> SimResponse:
    """Answer `POST /oauth/tokens`."""
    values = _values(request)
    grants = {
        "authorization_code": _from_code,
        "refresh_token": _from_refresh_token,
        "client_credentials": _from_client_credentials,
    }
    grant = grants.get(str(values.get("grant_type")))
    if grant is None:
        return _error("unsupported_grant_type", "The authorization grant type is not supported")
    client = values.get("client_id")
    public = client == PUBLIC_CLIENT_ID
    if not public and (client != CLIENT_ID or values.get("client_secret") != CLIENT_SECRET):
        return _error("invalid_client", "Client authentication failed", 401)
    return grant(auth, values)


def _values(request: SimRequest) -> dict[str, Any]:
    if "json" in request.headers.get("content-type", ""):
        decoded = request.json()
        return decoded if isinstance(decoded, dict) else {}
    return dict(parse_qsl(request.body.decode()))


def _from_code(auth: Auth, values: dict[str, Any]) -> SimResponse:
    known = auth.codes.pop(str(values.get("code")), None)
    fits = (
        known is not None
        and known["client"] == values.get("client_id")
        and known["redirect_uri"] == values.get("redirect_uri")
        and auth.clock.now() - float(known["at"]) <= _CODE_LIFETIME
        and _proves(known["challenge"], str(values.get("code_verifier") or ""))
    )
    if known is None or not fits:
        return _error("invalid_grant", "The provided authorization grant is invalid, expired or revoked")
    return _issued(auth, values, tuple(known["scope"].split()))


def _proves(challenge: str, verifier: str) -> bool:
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    return not challenge or digest == challenge


def _from_refresh_token(auth: Auth, values: dict[str, Any]) -> SimResponse:
    refresh = values.get("refresh_token")
    held = next((one for one in auth.tokens.values() if one.refresh == refresh and refresh), None)
    stale = held is not None and held.refresh_expires_at is not None and held.refresh_expires_at <= auth.clock.now()
    if held is None or refresh in auth.spent or stale or auth.revoked:
        return _error("invalid_grant", "The provided refresh token is invalid, expired or was used before")
    if held.client_id != values.get("client_id") and refresh != REFRESH_TOKEN:
        return _error("invalid_grant", "The refresh token was issued to another client")
    auth.spent.add(str(refresh))
    del auth.tokens[held.access]
    return _issued(auth, values, held.scopes)


def _from_client_credentials(auth: Auth, values: dict[str, Any]) -> SimResponse:
    if values.get("client_id") == PUBLIC_CLIENT_ID:
        return _error("unauthorized_client", "A public client cannot use this grant type")
    scopes = tuple(str(values.get("scope") or "read").split())
    return _issued(auth, values, scopes, refreshable=False)


def _issued(auth: Auth, values: dict[str, Any], scopes: tuple[str, ...], refreshable: bool = True) -> SimResponse:
    lifetime = float(values.get("expires_in") or ACCESS_LIFETIME)
    refresh_lifetime = float(values.get("refresh_token_expires_in") or REFRESH_LIFETIME)
    if not 300 <= lifetime <= 172_800 or not 604_800 <= refresh_lifetime <= 7_776_000:
        return _error("invalid_request", "expires_in or refresh_token_expires_in is out of range")
    client = str(values["client_id"])
    pair = auth.issue(client, scopes, lifetime, refresh_lifetime if refreshable else None)
    body = {"access_token": pair.access, "token_type": "bearer", "scope": " ".join(scopes), "expires_in": int(lifetime)}
    if refreshable:
        body |= {"refresh_token": pair.refresh, "refresh_token_expires_in": int(refresh_lifetime)}
    return json_response(body)


def _error(code: str, description: str, status: int = 400) -> SimResponse:
    return json_response({"error": code, "error_description": description}, status)
