"""Conversations as the API shows them: one, and the lists with their filters; active ones only unless asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from deskferry.simulators.help_scout import access, people, queries, threads
from deskferry.simulators.help_scout import conversation_store as store
from deskferry.simulators.help_scout.account import Account
from deskferry.simulators.help_scout.errors import Row, wrong
from deskferry.simulators.help_scout.paging import paged
from deskferry.simulators.help_scout.routing import Call, Route, hal
from deskferry.simulators.help_scout.times import friendly, seconds_of
from deskferry.simulators.kernel import SimResponse

STATUSES = ("active", "pending", "closed", "spam")
FILTERS = {
    "active": ("active",),
    "open": ("active", "pending"),
    "pending": ("pending",),
    "closed": ("closed",),
    "spam": ("spam",),
    "all": STATUSES,
}
SORTS = {
    "createdAt": "createdAt",
    "customerEmail": "email",
    "customerName": "customerName",
    "mailboxid": "mailboxId",
    "mailboxId": "mailboxId",
    "modifiedAt": "modifiedAt",
    "number": "number",
    "score": "score",
    "status": "status",
    "subject": "subject",
    "waitingSince": "waitingSince",
}


def get(call: Call) -> SimResponse:
    """Return one conversation."""
    return hal(show(call, access.readable(call, call.id), _embeds(call)))


def _embeds(call: Call) -> bool:
    asked = [part for part in (call.param("embed") or "").split(",") if part]
    if any(part != "threads" for part in asked):
        raise wrong("embed", "must be one of [threads]", "Enum", rejectedValue=call.param("embed"))
    return bool(asked)


def show(call: Call, row: Row, with_threads: bool = False) -> Row:
    """Return a conversation as the API writes it. There is no time of change in it, on purpose of the vendor's."""
    account = call.account
    shown: Row = {name: row[name] for name in ("id", "number")}
    shown["threads"] = store.declared(row)
    shown |= {name: row[name] for name in ("type", "folderId", "status", "state", "subject")}
    shown |= {"preview": store.preview(row), "mailboxId": row["mailboxId"]}
    assignee = people.user_person(account, row["_assignee"], v3=call.is_v3, photo=False)
    if assignee is not None:
        shown["assignee"] = assignee
    shown["createdBy"] = people.creator(account, row["_creator"], v3=call.is_v3)
    shown |= {"createdAt": row["createdAt"], "closedBy": row["closedBy"]}
    if row["closedBy"]:
        shown["closedByUser"] = people.user_person(account, row["closedBy"], v3=call.is_v3)
    if row["closedAt"]:
        shown["closedAt"] = row["closedAt"]
    shown |= {"userUpdatedAt": row["userUpdatedAt"], "customerWaitingSince": _waiting(account, row)}
    shown |= {"source": row["source"], "tags": [_tag(account, tag_id) for tag_id in row["_tags"]]}
    shown |= {"cc": row["cc"], "bcc": row["bcc"]}
    shown["primaryCustomer"] = people.customer_person(account, row["_customer"])
    shown["customFields"] = store.field_values(account, row)
    if row["_snooze"]:
        shown |= _snoozed(row["_snooze"])
    embedded = threads.embedded(call, row) if with_threads else []
    return {**shown, "_embedded": {"threads": embedded}, "_links": _links(account, row)}


def _waiting(account: Account, row: Row) -> Row:
    """Return since when the customer waits; an empty object when nobody does."""
    if row["_waiting"] is None:
        return {}
    since, who = row["_waiting"]
    return {
        "time": since,
        "friendly": friendly(account.clock.now() - seconds_of(since)),
        "latestReplyFrom": who,
    }


def _tag(account: Account, tag_id: int) -> Row:
    tag = account.tables["tags"].get(tag_id, {})
    return {"id": tag_id, "color": tag.get("_hex", "#929499"), "tag": tag.get("name", "")}


def _snoozed(snooze: Row) -> Row:
    event = {"time": snooze["snoozedUntil"], "eventType": "snooze", "userId": snooze["snoozedBy"]}
    event["cancelOnCustomerReply"] = snooze["unsnoozeOnCustomerReply"]
    return {"snooze": dict(snooze), "nextEvent": event}


def _links(account: Account, row: Row) -> Row:
    base = f"{account.settings.origin}/v2"
    own = f"{base}/conversations/{row['id']}"
    found = {
        "self": own,
        "mailbox": f"{base}/mailboxes/{row['mailboxId']}",
        "threads": f"{own}/threads/",
        "web": f"{account.settings.web_origin}/conversation/{row['id']}/{row['number']}",
    }
    if row["_customer"] is not None:
        found["primaryCustomer"] = f"{base}/customers/{row['_customer']}"
    if row["_creator"] is not None:
        kind, who = row["_creator"]
        name, path = ("createdByCustomer", "customers") if kind == "customer" else ("createdByUser", "users")
        found[name] = f"{base}/{path}/{who}"
    if row["closedBy"]:
        found["closedBy"] = f"{base}/users/{row['closedBy']}"
    if row["_assignee"] is not None:
        found["assignee"] = f"{base}/users/{row['_assignee']}"
    return {name: {"href": href} for name, href in sorted(found.items())}


def list_all(call: Call) -> SimResponse:
    """Return a page of the conversations that fit; `status` is `active` unless the caller says otherwise."""
    with_threads = _embeds(call)
    filters = _filters(call)
    rows = page_of(call, filters)
    return paged(
        call,
        "conversations",
        rows,
        lambda row_id: show(call, call.account.tables["conversations"][row_id], with_threads),
        call.account.settings.conversation_page,
        call.account.settings.window,
    )


def page_of(call: Call, tests: dict[str, Callable[[Row], bool]]) -> list[int]:
    """Return the ids of a list in its order; found anew only after something changed."""
    account = call.account
    text = call.param("query")
    field, descending = _order(call)
    key = ("conversations", tuple(pair for pair in call.request.query if pair[0] not in ("page", "embed", "size")))

    def find() -> list[int]:
        index = account.search if text is not None else account.lists
        checks = list(tests.values())
        docs = [doc for doc in index.docs["conversations"].values() if all(check(doc) for check in checks)]
        docs.sort(key=lambda doc: (doc[field], doc["id"]), reverse=descending)
        live = account.tables["conversations"]
        return [doc["id"] for doc in docs if _listed(live.get(doc["id"]))]

    return account.cached(key, find)


def _listed(row: Row | None) -> bool:
    return row is not None and row["_merged_into"] is None and row["state"] != "deleted"


def _order(call: Call) -> tuple[str, bool]:
    name, order = call.param("sortField") or "createdAt", call.param("sortOrder") or "desc"
    if name not in SORTS:
        raise wrong("sortField", f"must be one of {sorted(SORTS)}", "Enum", rejectedValue=name)
    if order not in ("asc", "desc"):
        raise wrong("sortOrder", "must be one of [asc, desc]", "Enum", rejectedValue=order)
    return SORTS[name], order == "desc"


def _filters(call: Call) -> dict[str, Callable[[Row], bool]]:
    tests: dict[str, Callable[[Row], bool]] = {"status": _status_filter(call)}
    since = call.time("modifiedSince")
    if since is not None:
        tests["modifiedSince"] = lambda doc: doc["modifiedAt"] >= since
    boxes = _numbers(call, "mailbox")
    if boxes:
        tests["mailbox"] = lambda doc: doc["mailboxId"] in boxes
    for name, key in (("folder", "folderId"), ("assigned_to", "assigned"), ("number", "number")):
        wanted = call.number(name)
        if wanted is not None:
            tests[name] = _equals(key, wanted)
    tags = {tag.strip().casefold() for tag in (call.param("tag") or "").split(",") if tag.strip()}
    if tags:
        tests["tag"] = lambda doc: not tags.isdisjoint(doc["tag"])
    for field_id, value in _field_filters(call):
        tests[f"field {field_id}"] = _has_value(field_id, value)
    text = call.param("query")
    if text is not None:
        tests["query"] = queries.parse(text, queries.CONVERSATION_FIELDS, call.account.settings.upper_bounds)
    return tests


def _status_filter(call: Call) -> Callable[[Row], bool]:
    asked = call.param("status") or "active"
    wanted: set[str] = set()
    for part in asked.split(","):
        if part not in FILTERS:
            raise wrong("status", f"must be one of {sorted(FILTERS)}", "Enum", rejectedValue=part)
        wanted.update(FILTERS[part])
        if part == "all" and not call.account.settings.all_includes_spam:
            wanted.discard("spam")
    return lambda doc: doc["status"] in wanted


def _equals(key: str, wanted: int) -> Callable[[Row], bool]:
    return lambda doc: bool(doc[key] == wanted)


def _has_value(field_id: int, value: str) -> Callable[[Row], bool]:
    return lambda doc: bool(doc["fields"].get(field_id) == value)


def _numbers(call: Call, name: str) -> set[int]:
    parts = [part for part in (call.param(name) or "").split(",") if part]
    if any(not part.isdigit() for part in parts):
        raise wrong(name, "must be a number", "Number", rejectedValue=call.param(name))
    return {int(part) for part in parts}


def _field_filters(call: Call) -> Sequence[tuple[int, str]]:
    found: list[tuple[int, str]] = []
    for part in (call.param("customFieldsByIds") or "").split(","):
        key, colon, value = part.partition(":")
        if colon and key.isdigit():
            found.append((int(key), value))
        elif part:
            raise wrong("customFieldsByIds", "must be id:value", "Format", rejectedValue=part)
    return found


def of_customers(account: Account, customers: set[int]) -> list[int]:
    """Return the ids of the conversations of some customers, newest first."""
    rows = (account.tables["conversations"].get(row_id) for key in customers for row_id in account.of_customer[key])
    found = [row for row in rows if row is not None and _listed(row)]
    return [row["id"] for row in sorted(found, key=lambda row: (row["createdAt"], row["id"]), reverse=True)]


ROUTES = (
    Route("GET", "/v2/conversations", list_all),
    Route("GET", "/v2/conversations/{id}", get),
    Route("GET", "/v3/conversations/{id}", get),
)
