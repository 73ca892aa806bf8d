"""The fake account: one method that answers requests, and what its control plane asks for."""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields as dataclass_fields
from typing import Any, Literal

from deskferry.errors import ConfigError
from deskferry.simulators import account as neutral
from deskferry.simulators.freshdesk import attachments, generated, patches, provision
from deskferry.simulators.freshdesk.account import Account, Settings
from deskferry.simulators.freshdesk.errors import ApiError, Row, denied
from deskferry.simulators.freshdesk.limits import Meter
from deskferry.simulators.freshdesk.plans import PLANS
from deskferry.simulators.freshdesk.routes import CHANNEL_ROUTES, ROUTES
from deskferry.simulators.freshdesk.routing import CHANNEL, ROOT, Call, Route, Router
from deskferry.simulators.kernel import Mail, SimClock, SimRequest, SimResponse

_ROUTER = Router(ROUTES)
_CHANNEL_ROUTER = Router(CHANNEL_ROUTES)


class FreshdeskDesk:
    """A Freshdesk account that lives in memory.

    `setup` is `admin` (an administrator's work is done: agents, groups, fields, statuses, policies; no contacts, no
    tickets), `empty` (one agent, the default fields) or `source` (as `admin`, without agents, groups and custom
    fields, which a generated account brings). `agents`, `groups` and `ticket_fields` add to either. Any
    field of `Settings` is an option (`notifications`, `automations`, `surveys`, `search_lag`, `attachment_ttl`,
    `role`, `max_agents`, `channel_api`, ...); `plan` is a key of `PLANS`; `features` switches single features.
    """

    vendor = "freshdesk"

    def __init__(
        self,
        clock: SimClock,
        *,
        plan: str = "pro",
        seed: int = 0,
        setup: str = "admin",
        agents: Sequence[Mapping[str, Any]] = (),
        groups: Sequence[str] = (),
        ticket_fields: Sequence[Mapping[str, Any]] = (),
        **options: Any,
    ) -> None:
        known = {field.name for field in dataclass_fields(Settings)} - {"plan"}
        if plan not in PLANS or set(options) - known:
            wrong = plan if plan not in PLANS else ", ".join(sorted(set(options) - known))
            raise ConfigError(f"The Freshdesk simulator has no plan or option {wrong}.", f"Plans: {', '.join(PLANS)}.")
        options["features"] = dict(options.get("features") or {})
        self.clock = clock
        self.account = Account(clock, Settings(plan=PLANS[plan], **options), seed)
        self.mailbox: list[Mail] = self.account.mailbox
        self.meter = Meter(PLANS[plan])
        provision.prepare(self.account, setup, agents, groups, ticket_fields)

    def handle(self, request: SimRequest) -> SimResponse:
        """Answer one request."""
        account = self.account
        account.catch_up()
        stored = attachments.serve(account, request)
        if stored is not None:
            return stored
        now = self.clock.now()
        route, ids, refusal = self._route(request)
        cost = _cost(route, request)
        wait = self.meter.admit(now, route.endpoint if route else None, cost)
        if wait is not None:
            return SimResponse(429, b"", {"Retry-After": str(wait), **self.meter.headers(now, 0)})
        try:
            caller = self._authenticate(request)
            if route is None:
                raise refusal
            response = self._answer(route, Call(account, request, caller, ids))
        except ApiError as error:
            response = error.response()
        response.headers.update(self.meter.headers(now, cost))
        return response

    def credentials(self) -> dict[str, Any]:
        """Return the domain and a key that works."""
        return {"domain": self.account.settings.domain, "api_key": provision.api_key(self.account)}

    def snapshot(self) -> dict[str, Any]:
        """Return every table as a list of records, with the hashes of files."""
        self.account.catch_up()
        return patches.snapshot(self.account)

    def patch(self, change: Mapping[str, Any]) -> Any:
        """Change the account as people who work there do; `patches.OPERATIONS` documents each operation."""
        self.account.catch_up()
        if change.get("op") == "plan":
            self.account.settings.plan = PLANS[change["plan"]]
            self.meter.change(self.account.settings.plan)
            return None
        return patches.apply(self.account, change)

    def error(self, status: int) -> SimResponse:
        """Return the vendor's own answer for the status of an injected fault."""
        now = self.clock.now()
        if status == 429:
            return SimResponse(429, b"", {"Retry-After": "30", **self.meter.headers(now, 0)})
        if status >= 500:
            return SimResponse(status, b"", {"Content-Type": "text/html"})
        codes = {401: "invalid_credentials", 403: "access_denied"}
        body = {"code": codes[status], "message": "Access denied."} if status in codes else None
        return ApiError(status, body, self.meter.headers(now, 1)).response()

    def close(self) -> None:
        """Remove what was written to disk."""
        self.account.blobs.close()

    def _route(self, request: SimRequest) -> tuple[Route | None, tuple[str, ...], ApiError]:
        nowhere = ApiError(404)
        for root, router in ((ROOT, _ROUTER), (CHANNEL, _CHANNEL_ROUTER)):
            if not request.path.startswith(root + "/"):
                continue
            if root == CHANNEL and not self.account.settings.channel_api:
                break
            path = request.path[len(root) :].rstrip("/").removesuffix(".json")
            try:
                return *router.find(request.method, path), nowhere
            except ApiError as error:
                return None, (), error
        return None, (), nowhere

    def _authenticate(self, request: SimRequest) -> Row:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        try:
            user = base64.b64decode(token, validate=True).decode().partition(":")[0] if scheme == "Basic" else ""
        except (binascii.Error, UnicodeDecodeError):
            user = ""
        agent_id = provision.key_owner(self.account, user)
        agent = self.account.tables["agents"].get(agent_id or 0)
        if agent is None or self.account.settings.revoked:
            text = "You have to be logged in to perform this action."
            raise ApiError(401, {"code": "invalid_credentials", "message": text})
        return agent

    def _answer(self, route: Route, call: Call) -> SimResponse:
        accept = call.request.headers.get("accept", "*/*")
        if "*/*" not in accept and "json" not in accept:
            raise ApiError(406)
        if route.admin and not provision.is_admin(self.account, call.caller, route.path):
            raise denied()
        if route.feature:
            self.account.need(route.feature)
        return route.handler(call)


def _cost(route: Route | None, request: SimRequest) -> int:
    if route is None or not route.include_cost:
        return 1
    asked: Iterable[str] = (part for part in (request.param("include") or "").split(",") if part)
    return 1 + route.include_cost * sum(1 for _ in asked)


def build(
    clock: SimClock | None = None,
    *,
    tickets: int = 0,
    profile: Literal["ugly", "plain"] = "ugly",
    clock_mode: Literal["real", "virtual"] = "virtual",
    seed: int = 0,
    archive_days: int | None = None,
    messages: int | None = None,
    **options: Any,
) -> FreshdeskDesk:
    """Return a desk from named options, on a clock of its own where none is given.

    Without `tickets` it is as an administrator left it; with some it holds the generated account of that seed, of
    which closed tickets that rested for `archive_days` are archived; `messages` fixes how many of them each
    ticket has, the first one included.
    """
    if not tickets:
        return FreshdeskDesk(clock or SimClock(None, clock_mode), seed=seed, **options)
    source = neutral.generate(seed, tickets, profile, messages)
    own = SimClock(float(source.now) if clock_mode == "virtual" else None, clock_mode)
    desk = FreshdeskDesk(clock or own, seed=seed, **{"setup": "source", **options})
    generated.Filler(desk.account, source).fill()
    if archive_days is not None:
        patches.archive(desk.account, archive_days)
    desk.account.search.advance(math.inf)
    return desk
