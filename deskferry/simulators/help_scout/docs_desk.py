"""The Docs API, the knowledge base: a key of its own, an envelope of its own, errors of its own."""

from __future__ import annotations

import base64
import binascii

from deskferry.simulators.help_scout import docs_articles, docs_assets, docs_shelves, docs_sites, gate
from deskferry.simulators.help_scout.account import Account
from deskferry.simulators.help_scout.errors import ApiError, docs_error
from deskferry.simulators.help_scout.limits import Meter
from deskferry.simulators.help_scout.routing import Call, Router
from deskferry.simulators.kernel import SimRequest, SimResponse

API_KEY = "sim-docs-api-key"
_ROUTER = Router((*docs_assets.ROUTES, *docs_articles.ROUTES, *docs_shelves.ROUTES, *docs_sites.ROUTES))


class DocsDesk:
    """The knowledge base of an account. `meter` counts its calls apart from those of the Inbox API."""

    def __init__(self, account: Account, meter: Meter) -> None:
        self.account = account
        self.meter = meter

    def serve_asset(self, request: SimRequest) -> SimResponse | None:
        """Answer a request for a file of an article, which needs no key; None when the path is another."""
        return docs_assets.serve(self.account, request)

    def handle(self, request: SimRequest) -> SimResponse:
        """Answer one request."""
        now = self.account.clock.now()
        if self.meter.admit_docs(now) is not None:
            response = docs_error(429)
        elif not self._knows(request):
            response = docs_error(401)
        else:
            response = self._answer(request)
        response.headers.update(self.meter.docs_headers(now))
        return response

    def _knows(self, request: SimRequest) -> bool:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        try:
            name = base64.b64decode(token, validate=True).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            return False
        settings = self.account.settings
        return kind.lower() == "basic" and name == API_KEY and settings.docs_site and not self.account.auth.revoked

    def _answer(self, request: SimRequest) -> SimResponse:
        try:
            route, args = _ROUTER.find(request.method, request.path.rstrip("/"))
            answer = route.handler(Call(self.account, request, self.account.owner(), args))
            return gate.thinned(self.account, request, answer)
        except ApiError as error:
            faults = (error.body or {}).get("_embedded", {}).get("errors", [])
            text = f"{faults[0]['path']} {faults[0]['message']}" if faults else None
            return docs_error(error.status, text)
