"""Sites of the knowledge base, who may see them, and redirects of old addresses."""

from __future__ import annotations

from deskferry.simulators.help_scout import docs_store as store
from deskferry.simulators.help_scout import given
from deskferry.simulators.help_scout.account import Account
from deskferry.simulators.help_scout.errors import Row, not_found
from deskferry.simulators.help_scout.routing import Call, Route, empty
from deskferry.simulators.kernel import SimResponse, json_response

_FIELDS = (
    *("title", "subDomain", "status", "cname", "hasPublicSite", "logoUrl", "logoWidth", "logoHeight", "favIconUrl"),
    *("touchIconUrl", "homeUrl", "homeLinkText", "bgColor", "description", "hasContactForm", "mailboxId"),
    *("contactEmail", "styleSheetUrl", "headerCode"),
)
_REDIRECT = ("siteId", "urlMapping", "redirect")


def add(account: Account, title: str, sub_domain: str, **more: object) -> Row:
    """Store a site."""
    row: Row = {**dict.fromkeys(_FIELDS), "title": title, "subDomain": sub_domain, "status": "active"}
    row |= {"hasPublicSite": True, "createdBy": account.owner(), "updatedBy": None, "companyName": title, **more}
    row["_restricted"] = {"enabled": False, "authentication": None, "callbackConfiguration": None}
    return store.add(account, "sites", row)


def list_all(call: Call) -> SimResponse:
    """Return a page of the sites."""
    return store.paged(call, "sites", list(call.account.docs["sites"].values()), store.public)


def get(call: Call) -> SimResponse:
    """Return one site."""
    return json_response({"site": store.public(store.find(call.account, "sites", call.args[0]))})


def create(call: Call) -> SimResponse:
    """Store a site."""
    body = call.body()
    given.required(body, "title", "subDomain")
    row = add(call.account, str(body["title"]), str(body["subDomain"]), **store.given(body, _FIELDS[2:]))
    return store.made(call, "/sites", "site", row)


def change(call: Call) -> SimResponse:
    """Change a site."""
    row = store.find(call.account, "sites", call.args[0])
    row |= store.given(call.body(), _FIELDS)
    return store.changed(call, "site", row)


def delete(call: Call) -> SimResponse:
    """Remove a site."""
    row = store.find(call.account, "sites", call.args[0])
    del call.account.docs["sites"][row["id"]]
    return empty()


def restrictions(call: Call) -> SimResponse:
    """Return who may see a site."""
    return json_response(store.find(call.account, "sites", call.args[0])["_restricted"])


def restrict(call: Call) -> SimResponse:
    """Say who may see a site."""
    row = store.find(call.account, "sites", call.args[0])
    row["_restricted"] |= store.given(call.body(), ("enabled", "authentication", "callbackConfiguration"))
    return json_response(row["_restricted"])


def list_redirects(call: Call) -> SimResponse:
    """Return a page of the redirects of a site."""
    key = store.find(call.account, "sites", call.args[0])["id"]
    rows = [row for row in call.account.docs["redirects"].values() if row["siteId"] == key]
    return store.paged(call, "redirects", rows, store.public)


def find_redirect(call: Call) -> SimResponse:
    """Return where an address of a site leads. Sources name two paths; both work here."""
    for row in call.account.docs["redirects"].values():
        if row["siteId"] == call.param("siteId") and row["urlMapping"] == call.param("url"):
            return json_response({"redirectedUrl": store.public(row)})
    raise not_found()


def get_redirect(call: Call) -> SimResponse:
    """Return one redirect."""
    return json_response({"redirect": store.public(store.find(call.account, "redirects", call.args[0]))})


def create_redirect(call: Call) -> SimResponse:
    """Store a redirect."""
    body = call.body()
    given.required(body, *_REDIRECT)
    store.find(call.account, "sites", str(body["siteId"]))
    row = store.add(call.account, "redirects", store.given(body, _REDIRECT))
    return store.made(call, "/redirects", "redirect", row)


def change_redirect(call: Call) -> SimResponse:
    """Replace a redirect: all three values are wanted."""
    row, body = store.find(call.account, "redirects", call.args[0]), call.body()
    given.required(body, *_REDIRECT)
    row |= store.given(body, _REDIRECT)
    return store.changed(call, "redirect", row)


def delete_redirect(call: Call) -> SimResponse:
    """Remove a redirect."""
    row = store.find(call.account, "redirects", call.args[0])
    del call.account.docs["redirects"][row["id"]]
    return empty()


ROUTES = (
    Route("GET", "/v1/sites", list_all),
    Route("POST", "/v1/sites", create),
    Route("GET", "/v1/sites/{text}", get),
    Route("PUT", "/v1/sites/{text}", change),
    Route("DELETE", "/v1/sites/{text}", delete),
    Route("GET", "/v1/sites/{text}/restricted", restrictions),
    Route("PUT", "/v1/sites/{text}/restricted", restrict),
    Route("GET", "/v1/redirects/site/{text}", list_redirects),
    Route("GET", "/v1/redirects", find_redirect),
    Route("GET", "/v1/redirects/find", find_redirect),
    Route("POST", "/v1/redirects", create_redirect),
    Route("GET", "/v1/redirects/{text}", get_redirect),
    Route("PUT", "/v1/redirects/{text}", change_redirect),
    Route("DELETE", "/v1/redirects/{text}", delete_redirect),
)
