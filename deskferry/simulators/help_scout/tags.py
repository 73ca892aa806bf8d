"""Tags: made by being used; the list calls them `name`, conversations call them `tag`."""

from __future__ import annotations

import re

from deskferry.simulators.help_scout.account import Account
from deskferry.simulators.help_scout.errors import Row
from deskferry.simulators.help_scout.paging import paged
from deskferry.simulators.help_scout.routing import Call, Route, hal
from deskferry.simulators.kernel import SimResponse

COLORS = (("none", "#929499"), ("green", "#4dc36f"), ("red", "#e52f28"), ("blue", "#4b7fd3"))


def tag_id(account: Account, name: str, **times: str) -> int:
    """Return the id of a tag, which is made when it is new. Names are lower-cased: unverified, and the stricter."""
    wanted = name.strip().casefold()
    for row in account.tables["tags"].values():
        if row["name"] == wanted:
            return int(row["id"])
    color, code = COLORS[len(account.tables["tags"]) % len(COLORS)]
    slug = re.sub(r"\W+", "-", wanted).strip("-")
    made = account.add("tags", {"name": wanted, "slug": slug, "color": color, "_hex": code, **times})
    return int(made["id"])


def _show(account: Account, row: Row) -> Row:
    shown = {name: row[name] for name in ("id", "slug", "name", "color", "createdAt", "updatedAt")}
    documents = account.lists.docs["conversations"].values()
    return {**shown, "ticketCount": sum(1 for doc in documents if row["name"] in doc["tag"])}


def list_all(call: Call) -> SimResponse:
    """Return a page of the tags."""
    account = call.account
    rows = sorted(account.tables["tags"].values(), key=lambda row: str(row["name"]))
    return paged(call, "tags", rows, lambda row: _show(account, row), account.settings.list_page)


def get(call: Call) -> SimResponse:
    """Return one tag."""
    return hal(_show(call.account, call.account.get("tags", call.id)))


ROUTES = (Route("GET", "/v2/tags", list_all), Route("GET", "/v2/tags/{id}", get))
