"""The Docs API, in its beginnings."""

from __future__ import annotations

from deskferry.simulators import account as neutral
from deskferry.simulators.help_scout.account import Account
from deskferry.simulators.help_scout.errors import docs_error
from deskferry.simulators.help_scout.limits import Meter
from deskferry.simulators.kernel import SimRequest, SimResponse

API_KEY = "sim-docs-api-key"


class DocsDesk:
    """The knowledge base of an account."""

    def __init__(self, account: Account, meter: Meter) -> None:
        self.account = account
        self.meter = meter

    def serve_asset(self, request: SimRequest) -> SimResponse | None:
        """Answer a request for a file of an article."""
        return None

    def handle(self, request: SimRequest) -> SimResponse:
        """Answer one request."""
        return docs_error(404)


def fill(account: Account, source: neutral.Account) -> None:
    """Store the articles of a generated account."""
