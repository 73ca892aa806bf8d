"""The fake account: one method that answers requests, and what its control plane asks for."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import fields as dataclass_fields
from typing import Any, Literal

from deskferry.errors import ConfigError
from deskferry.simulators import account as neutral
from deskferry.simulators.help_scout import (
    attachments,
    docs_desk,
    gate,
    generated,
    generated_docs,
    oauth,
    patches,
    provision,
    snapshot,
)
from deskferry.simulators.help_scout.account import Account
from deskferry.simulators.help_scout.errors import ApiError, refused
from deskferry.simulators.help_scout.limits import PLANS, Meter
from deskferry.simulators.help_scout.routes import ROUTES
from deskferry.simulators.help_scout.routing import Call, Router
from deskferry.simulators.help_scout.settings import Settings
from deskferry.simulators.kernel import Mail, SimClock, SimRequest, SimResponse

_ROUTER = Router(ROUTES)


class HelpScoutDesk:
    """A Help Scout account that lives in memory: the Inbox API under /v2 and /v3, the Docs API under /v1.

    `setup` is `admin` (users, teams, inboxes and fields are there, no customers) or `source` (nothing but what a
    generated account brings). `burst` is how many writes fit into five seconds (none by default), `token_life` how
    long an access token works. Any field of `Settings` is an option; `plan` is a key of `PLANS`.
    """

    vendor = "help_scout"

    def __init__(
        self,
        clock: SimClock,
        *,
        seed: int = 0,
        setup: Literal["admin", "source"] = "admin",
        burst: int | None = None,
        token_life: float = oauth.TWO_DAYS,
        **options: Any,
    ) -> None:
        known = {field.name for field in dataclass_fields(Settings)}
        if set(options) - known or options.get("plan", "standard") not in PLANS:
            wrong = ", ".join(sorted(set(options) - known)) or options["plan"]
            raise ConfigError(f"The Help Scout simulator has no plan or option {wrong}.", f"Plans: {', '.join(PLANS)}.")
        self.clock = clock
        self.account = Account(clock, Settings(**options), seed)
        self.account.auth.life = token_life
        self.mailbox: list[Mail] = self.account.mailbox
        self.meter = Meter(PLANS[self.account.settings.plan], burst)
        self.docs = docs_desk.DocsDesk(self.account, self.meter)
        self._calls = 0
        if setup == "admin":
            provision.prepare(self.account)

    def handle(self, request: SimRequest) -> SimResponse:
        """Answer one request; every answer has an id of its own."""
        self.account.catch_up()
        stored = attachments.serve(self.account, request) or self.docs.serve_asset(request)
        if stored is not None:
            return stored
        response = self.docs.handle(request) if request.path.startswith("/v1/") else self._inbox(request)
        self._calls += 1
        digest = hashlib.sha256(f"{self.account.seed}/{self._calls}".encode()).hexdigest()
        response.headers["Correlation-Id"] = f"{digest[:8]}-{digest[8:16]}"
        return response

    def _inbox(self, request: SimRequest) -> SimResponse:
        if request.path == oauth.PATH:
            return self.account.auth.answer(request) if request.method == "POST" else refused(405).response()
        now = self.clock.now()
        wait = self.meter.admit(now, request.method)
        if wait is not None:
            response = refused(429).response()
            response.headers.update(self.meter.headers(now, wait))
            return response
        try:
            self.account.auth.check(request)
            route, args = _ROUTER.find(request.method, request.path.rstrip("/"))
            gate.permit(self.account, route.path)
            response = route.handler(Call(self.account, request, self.account.owner(), args))
        except ApiError as error:
            response = error.response()
        response.headers.update(self.meter.headers(now))
        return gate.thinned(self.account, request, response)

    def credentials(self) -> dict[str, Any]:
        """Return credentials that work: those of the app, a token of two days, the key of the Docs API."""
        return {
            "app_id": oauth.APP_ID,
            "app_secret": oauth.APP_SECRET,
            "access_token": self.account.auth.new_token(),
            "docs_api_key": docs_desk.API_KEY,
        }

    def snapshot(self) -> dict[str, Any]:
        """Return every table as a list of records, threads with their conversation, files with their hash."""
        self.account.catch_up()
        return snapshot.snapshot(self.account)

    def patch(self, change: Mapping[str, Any]) -> Any:
        """Change the account as people who work there do; `patches.py` documents each operation."""
        self.account.catch_up()
        result = patches.apply(self.account, change)
        limit = PLANS[self.account.settings.plan]
        if limit != self.meter.limit:
            self.meter = self.docs.meter = Meter(limit, self.meter.burst)
        return result

    def error(self, status: int) -> SimResponse:
        """Return the vendor's own answer for the status of an injected fault."""
        response = refused(status).response()
        response.headers.update(self.meter.headers(self.clock.now(), 30 if status == 429 else None))
        return response

    def close(self) -> None:
        """Remove what was written to disk."""
        self.account.blobs.close()


def build(
    clock: SimClock | None = None,
    *,
    tickets: int = 0,
    profile: Literal["ugly", "plain"] = "ugly",
    clock_mode: Literal["real", "virtual"] = "virtual",
    seed: int = 0,
    messages: int | None = None,
    **options: Any,
) -> HelpScoutDesk:
    """Return a desk from named options, on a clock of its own where none is given.

    Without `tickets` it is as an administrator left it; with some it holds the generated account of that seed, each
    ticket with so many `messages` if they are given.
    """
    if not tickets:
        return HelpScoutDesk(clock or SimClock(None, clock_mode), seed=seed, **options)
    source = neutral.generate(seed, tickets, profile, messages)
    own = SimClock(float(source.now) if clock_mode == "virtual" else None, clock_mode)
    desk = HelpScoutDesk(clock or own, seed=seed, **{"setup": "source", **options})
    filler = generated.Filler(desk.account, source)
    filler.fill()
    generated_docs.fill(desk.account, source, filler.users)
    desk.account.settle()
    return desk
