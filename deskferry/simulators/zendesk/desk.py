"""The fake Zendesk account behind one method: limits, credentials, role, scope and plan, then the handler."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from deskferry.simulators.account import Account
from deskferry.simulators.kernel import Mail, SimClock, SimRequest, SimResponse, json_response
from deskferry.simulators.zendesk import (
    admin_writes,
    config_routes,
    downloads,
    exports,
    field_writes,
    guide_files,
    guide_routes,
    guide_state,
    guide_writes,
    identity_writes,
    imports,
    jobs,
    memberships,
    oauth,
    organization_writes,
    people_routes,
    rating_writes,
    redactions,
    search,
    ticket_deletes,
    ticket_routes,
    ticket_writes,
    uploads,
    user_writes,
)
from deskferry.simulators.zendesk.auth import (
    ACCESS_TOKEN,
    API_TOKEN,
    CLIENT_ID,
    CLIENT_SECRET,
    PUBLIC_CLIENT_ID,
    REFRESH_TOKEN,
    Auth,
    require_scope,
)
from deskferry.simulators.zendesk.changes import Changes
from deskferry.simulators.zendesk.downloads import Downloads
from deskferry.simulators.zendesk.errors import VendorRefusal, forbidden, no_endpoint, unauthenticated, worded
from deskferry.simulators.zendesk.generated import generated_state
from deskferry.simulators.zendesk.ids import id_of
from deskferry.simulators.zendesk.limits import Limits
from deskferry.simulators.zendesk.plans import has
from deskferry.simulators.zendesk.routing import Call, Route, Router
from deskferry.simulators.zendesk.state import State

SUBDOMAIN: Final = "acme"
EMAIL: Final = "agent1@acme.example"
PLAN: Final = "suite_professional"

# Order matters: fixed paths come before those with an id in the same place.
ROUTES: Final = [
    *exports.ROUTES,
    *ticket_routes.ROUTES,
    *people_routes.ROUTES,
    *config_routes.ROUTES,
    *search.ROUTES,
    *downloads.ROUTES,
    *guide_routes.ROUTES,
    *admin_writes.ROUTES,
    *field_writes.ROUTES,
    *guide_files.ROUTES,
    *guide_writes.ROUTES,
    *jobs.ROUTES,
    *uploads.ROUTES,
    *imports.ROUTES,
    *ticket_deletes.ROUTES,
    *ticket_writes.ROUTES,
    *redactions.ROUTES,
    *rating_writes.ROUTES,
    *user_writes.ROUTES,
    *identity_writes.ROUTES,
    *organization_writes.ROUTES,
]
_ROUTER: Final = Router(ROUTES)


def _is_admin(user: Mapping[str, Any]) -> bool:
    return user["role"] == "admin" and user.get("active") is not False


class ZendeskDesk:
    """A Zendesk account. `plan` decides limits and features; `limits=False` refuses nothing for its rate."""

    vendor = "zendesk"

    def __init__(
        self,
        content: Account | State,
        clock: SimClock | None = None,
        *,
        plan: str = PLAN,
        high_volume: bool = False,
        limits: bool = True,
        redirect_above: int | None = downloads.LARGE,
        subdomain: str = SUBDOMAIN,
    ) -> None:
        has(plan, "csat")  # an unknown plan is refused here
        if isinstance(content, State):
            self.state = content
        else:
            own_clock = clock or SimClock(float(content.now))
            self.state = generated_state(content, own_clock, subdomain, plan)
        self.clock = self.state.clock
        self.mailbox: list[Mail] = self.state.written.mailbox
        self._first_host = self.state.host
        self.auth = Auth(self.clock, *self._credential_user())
        self.auth.role_of = self._role_of
        self._limits = Limits(self.clock, plan, high_volume, limits)
        self._downloads = Downloads(self.state, redirect_above)
        self._changes = Changes(self.state, self.auth)

    def _credential_user(self) -> tuple[int, str]:
        """Return the user whose credentials are handed out: the first admin."""
        first = id_of("user", 1)
        admin = self.state.users.get(first) or next((one for one in self.state.users if _is_admin(one)), None)
        return (first, EMAIL) if admin is None else (admin["id"], admin["email"])

    def _role_of(self, user_id: int) -> str:
        user = self.state.users.get(user_id)
        return "end-user" if user is None else str(user["role"])

    @property
    def missing_streams(self) -> list[str]:
        """The streams that loaded data have no records of."""
        return self.state.missing_streams

    def handle(self, request: SimRequest) -> SimResponse:
        """Answer one request."""
        self.state.catch_up()
        if request.path.startswith("/oauth/"):
            return self._oauth(request)
        refused, headers = self._limits.check(request)
        if refused is not None:
            return refused
        try:
            response = self._downloads.handle(request) or self._api(request)
        except VendorRefusal as refusal:
            response = refusal.response
        response.headers = {**headers, **response.headers}
        if self.state.host != self._first_host:
            response.body = response.body.replace(self._first_host.encode(), self.state.host.encode())
        return response

    def _oauth(self, request: SimRequest) -> SimResponse:
        if (request.method, request.path) == ("GET", "/oauth/authorizations/new"):
            return oauth.authorize(self.auth, request)
        if (request.method, request.path) == ("POST", "/oauth/tokens"):
            return oauth.token(self.auth, request)
        return no_endpoint().response

    def _api(self, request: SimRequest) -> SimResponse:
        found = _ROUTER.find(request)
        caller = self.auth.caller(request)
        if found is None:
            raise no_endpoint()
        route, ids, words = found
        if caller.user_id is None and not route.anonymous:
            raise unauthenticated()
        self._permit(route, caller.role)
        require_scope(caller, request, route.resource, route.broad)
        value = route.handler(Call(self.state, request, caller, ids, words))
        return value if isinstance(value, SimResponse) else json_response(value)

    def _permit(self, route: Route, role: str) -> None:
        if route.anonymous:
            return
        if (role == "end-user" and not route.end_user) or (route.admin and role != "admin"):
            raise forbidden()
        if route.feature is not None and not has(self.state.plan, route.feature):
            raise forbidden()

    def warm(self) -> None:
        """Do now what the first request of an export would wait for: seconds with many thousand tickets."""
        self.state.facts()

    def error(self, status: int) -> SimResponse:
        """Return the vendor's own answer for an injected status."""
        return worded(status)

    def close(self) -> None:
        """Remove what uploads left on the disk."""
        self.state.written.bytes.close()

    def credentials(self) -> dict[str, Any]:
        """Return credentials that work, by the names of the configuration."""
        return {
            "subdomain": self.state.subdomain,
            "email": self.auth.email,
            "api_token": API_TOKEN,
            "oauth_token": ACCESS_TOKEN,
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "refresh_token": REFRESH_TOKEN,
            "public_client_id": PUBLIC_CLIENT_ID,
        }

    def snapshot(self) -> dict[str, Any]:
        """Return the whole account, tickets with their comments and audits."""
        self.state.catch_up()
        state, ratings = self.state, self.state.all_ratings()
        return {
            "account": [{"subdomain": state.subdomain, "id": state.account_id, "plan": state.plan}],
            "tickets": [file.record for file in state.tickets],
            "comments": [
                {**comment, "ticket_id": file.record["id"]}
                for file in state.tickets
                if not file.is_deleted
                for comment in file.comments(inline=True)
            ],
            "audits": [audit for file in state.tickets for audit in file.audits],
            "users": list(state.users),
            "organizations": list(state.organizations),
            "satisfaction_ratings": [ratings.row(one) for one in ratings.ids],
            "organization_memberships": memberships.all_rows(state),
            **state.lists,
            **{f"help_center/{name}": rows for name, rows in guide_state.everything(state).items()},
        }

    def patch(self, change: Mapping[str, Any]) -> Any:
        """Change the account behind the API's back; `changes` lists the operations."""
        self.state.catch_up()
        return self._changes.apply(change)
