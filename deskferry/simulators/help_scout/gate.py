"""What stands between the routes and the caller: what a plain user may not see, and pages that come back thinner."""

from __future__ import annotations

import orjson

from deskferry.simulators.help_scout.account import Account
from deskferry.simulators.help_scout.errors import refused
from deskferry.simulators.kernel import SimRequest, SimResponse

ADMIN_PATHS = ("/v2/workflows", "/v2/reports/", "/v2/webhooks", "/v2/organizations/properties")


def permit(account: Account, path: str) -> None:
    """Raise the 403 of what a plain user may not see. Which paths these are no source lists."""
    if account.role == "user" and path.startswith(ADMIN_PATHS):
        raise refused(403)


def thinned(account: Account, request: SimRequest, response: SimResponse) -> SimResponse:
    """Return an answer without the rows of a page that is dropped."""
    page = int(request.param("page") or 1) if (request.param("page") or "1").isdigit() else 0
    if response.status != 200 or (request.path.rstrip("/"), page) not in account.dropped_pages:
        return response
    document = orjson.loads(response.body)
    document.pop("_embedded", None)
    if "results" in document:
        document["results"] = []
    for envelope in document.values():
        if isinstance(envelope, dict) and "items" in envelope:
            envelope["items"] = []
    response.body = orjson.dumps(document)
    return response
