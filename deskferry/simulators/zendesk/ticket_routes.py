"""Tickets, their comments, audits, metrics and ratings."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from deskferry.simulators.zendesk.errors import bad_parameter, no_record
from deskferry.simulators.zendesk.ids import iso, key_of, seconds
from deskferry.simulators.zendesk.paging import Rows, paged, rows_of, wants_cursor
from deskferry.simulators.zendesk.routing import Call, Route, routes
from deskferry.simulators.zendesk.sideloads import beside, embedded, users_of
from deskferry.simulators.zendesk.state import Record
from deskferry.simulators.zendesk.ticket_edits import with_external
from deskferry.simulators.zendesk.tickets import TicketFile

_SORTS: Final = ("id", "updated_at", "status")
_MAX_TAGS: Final = 20_000
_SCORES: Final = {"received": ("good", "bad"), "offered": ("offered",), "good": ("good",), "bad": ("bad",)}


def visible_file(call: Call, identifier: int) -> TicketFile:
    """Return a ticket that the caller may see; deleted ones are not found, others' groups are forbidden to agents."""
    file = call.state.tickets.get(identifier)
    if file is None or file.is_deleted or not _may_see(call, file.record):
        raise no_record()
    return file


def _may_see(call: Call, record: Record) -> bool:
    if call.caller.role == "admin":
        return True
    groups = {
        one["group_id"]
        for one in call.state.lists.get("group_memberships", [])
        if one["user_id"] == call.caller.user_id
    }
    return record["group_id"] in groups or record["assignee_id"] == call.caller.user_id


def _listed(call: Call) -> list[int]:
    if call.caller.role == "admin":
        return call.state.listed_tickets()
    files = ((one, call.state.tickets.get(one)) for one in call.state.listed_tickets())
    return [one for one, file in files if file is not None and _may_see(call, file.record)]


def _ticket_rows(call: Call, ids: list[int]) -> Rows:
    def row(identifier: int) -> Record:
        file = call.state.tickets.get(identifier)
        assert file is not None
        return embedded(call, file)

    return Rows(ids, row, ascending=ids == sorted(ids))


def list_tickets(call: Call) -> Record:
    """Answer `GET /tickets`: neither archived nor deleted ones; `external_id` looks up what has been there a while."""
    external = call.request.param("external_id")
    ids = (
        _listed(call) if external is None else [one for one in with_external(call.state, external) if _lists(call, one)]
    )
    page = paged(call.request, call.state.host, "tickets", _ticket_rows(call, _sorted(call, ids)))
    return {**page, **beside(call, page["tickets"])}


def _lists(call: Call, identifier: int) -> bool:
    file = call.state.tickets.get(identifier)
    return (
        file is not None
        and not file.is_deleted
        and not file.is_archived(call.state.now())
        and _may_see(call, file.record)
    )


def _record(call: Call, identifier: int) -> Record:
    file = call.state.tickets.get(identifier)
    assert file is not None
    return file.record


def _sorted(call: Call, ids: list[int]) -> list[int]:
    """Order by `sort` in cursor style, where all else is 400, and by `sort_by` in offset style."""
    if wants_cursor(call.request):
        sort = call.request.param("sort") or "id"
        if sort.lstrip("-") not in _SORTS:
            raise bad_parameter("InvalidPaginationParameter", f"sort={sort} is not supported")
    else:
        order = "-" if call.request.param("sort_order") == "desc" else ""
        sort = order + (call.request.param("sort_by") or "id")
    name = sort.lstrip("-")
    if name == "id" or name not in ("updated_at", "created_at", "status", "subject"):
        return ids[::-1] if sort == "-id" else ids
    return sorted(ids, key=lambda one: (str(_record(call, one)[name]), one), reverse=sort.startswith("-"))


def show_ticket(call: Call) -> Record:
    """Answer `GET /tickets/{id}`."""
    record = embedded(call, visible_file(call, call.ids[0]))
    return {"ticket": record, **beside(call, [record])}


def show_many(call: Call) -> Record:
    """Answer `GET /tickets/show_many?ids=`: 100 at most, unknown and deleted ones are left out."""
    wanted = [int(one) for one in (call.request.param("ids") or "").split(",") if one.strip().isdigit()]
    if len(wanted) > 100:
        raise bad_parameter("TooManyValues", "ids must have at most 100 values")
    files = [call.state.tickets.get(one) for one in dict.fromkeys(wanted)]
    seen = [file for file in files if file is not None and not file.is_deleted and _may_see(call, file.record)]
    records = [embedded(call, file) for file in seen]
    return {"tickets": records, "count": len(records), **beside(call, records)}


def count_of(call: Call, value: int) -> Record:
    """Return a count as the `/count` endpoints answer it."""
    return {"count": {"value": value, "refreshed_at": iso(call.state.now())}}


def count_tickets(call: Call) -> Record:
    """Answer `GET /tickets/count`."""
    return count_of(call, len(_listed(call)))


def comments(call: Call) -> Record:
    """Answer `GET /tickets/{id}/comments`, oldest first unless `sort=-created_at` or `sort_order=desc`."""
    file = visible_file(call, call.ids[0])
    found = file.comments(inline=call.flag("include_inline_images"))
    if call.caller.role == "end-user":
        found = [one for one in found if one["public"]]
    backwards = call.request.param("sort") == "-created_at" or call.request.param("sort_order") == "desc"
    page = paged(call.request, call.state.host, "comments", rows_of(found[::-1] if backwards else found))
    if "users" in call.includes:
        authors = [call.state.users.get(one) for one in dict.fromkeys(row["author_id"] for row in page["comments"])]
        page["users"] = [user for user in authors if user is not None]
    return page


def count_comments(call: Call) -> Record:
    """Answer `GET /tickets/{id}/comments/count`."""
    return count_of(call, visible_file(call, call.ids[0]).comment_count())


def audits(call: Call) -> Record:
    """Answer `GET /tickets/{id}/audits`: paged, but all at once for archived tickets."""
    file = visible_file(call, call.ids[0])
    found = file.shown_audits()
    extra = {"users": users_of(call.state, [file.record])} if "users" in call.includes else {}
    if file.is_archived(call.state.now()):
        page = {"audits": found, "next_page": None, "previous_page": None, "count": len(found)}
        return {**page, **extra}
    if call.request.param("sort_order") == "desc":
        found = found[::-1]
    return {**paged(call.request, call.state.host, "audits", rows_of(found)), **extra}


def show_audit(call: Call) -> Record:
    """Answer `GET /tickets/{id}/audits/{id}`."""
    found = [one for one in visible_file(call, call.ids[0]).shown_audits() if one["id"] == call.ids[1]]
    if not found:
        raise no_record()
    return {"audit": found[0]}


def count_audits(call: Call) -> Record:
    """Answer `GET /tickets/{id}/audits/count`."""
    return count_of(call, len(visible_file(call, call.ids[0]).audits))


def all_audits(call: Call) -> Record:
    """Answer `GET /ticket_audits`: of tickets that are not archived, by cursor."""

    def make() -> dict[int, Record]:
        files = (call.state.tickets.get(one) for one in call.state.listed_tickets())
        return {audit["id"]: audit for file in files if file is not None for audit in file.shown_audits()}

    found = call.state.remembered("ticket_audits", call.state.tickets.version, make)
    return paged(call.request, call.state.host, "audits", Rows(sorted(found), found.__getitem__))


def ticket_metrics(call: Call) -> Record:
    """Answer `GET /ticket_metrics`: of tickets that are not archived."""

    def row(identifier: int) -> Record:
        file = call.state.tickets.get(identifier)
        assert file is not None
        return call.state.metrics(file)

    rows = Rows(call.state.listed_tickets(), row)
    return paged(call.request, call.state.host, "ticket_metrics", rows)


def metrics_of_ticket(call: Call) -> Record:
    """Answer `GET /tickets/{id}/metrics`."""
    return {"ticket_metric": call.state.metrics(visible_file(call, call.ids[0]))}


def show_metrics(call: Call) -> Record:
    """Answer `GET /ticket_metrics/{id}`, by the id of the metrics or of the ticket."""
    ticket = key_of("metric", call.ids[0]) if call.ids[0] > 1 << 40 else call.ids[0]
    return {"ticket_metric": call.state.metrics(visible_file(call, ticket))}


def nothing(_call: Call) -> Record:
    """Answer `GET /tickets/{id}/metric_events`, which is documented and answers `{}`."""
    return {}


def people_of(call: Call) -> Record:
    """Answer `/tickets/{id}/collaborators`, `/email_ccs` and `/followers`."""
    keys = {"collaborators": "collaborator_ids", "email_ccs": "email_cc_ids", "followers": "follower_ids"}
    name = call.request.path.removesuffix(".json").rsplit("/", 1)[-1]
    wanted = visible_file(call, call.ids[0]).record[keys[name]]
    return {"users": [user for user in map(call.state.users.get, wanted) if user is not None]}


def incidents(call: Call) -> Record:
    """Answer `GET /tickets/{id}/incidents`."""
    visible_file(call, call.ids[0])
    ids = [one for one in _listed(call) if _record(call, one)["problem_id"] == call.ids[0]]
    return paged(call.request, call.state.host, "tickets", _ticket_rows(call, ids))


def tags_of_ticket(call: Call) -> Record:
    """Answer `GET /tickets/{id}/tags`."""
    return {"tags": visible_file(call, call.ids[0]).record["tags"]}


def ratings(call: Call) -> Record:
    """Answer `GET /satisfaction_ratings` with its filters by score and time."""
    rows, parameters = call.state.all_ratings(), call.request.param
    score, start, end = parameters("score"), parameters("start_time"), parameters("end_time")
    if score or start or end:
        found = [rows.row(one) for one in rows.ids]
        base, _, comment = (score or "").partition("_with")
        if score:
            found = [one for one in found if one["score"] in _SCORES.get(base, ())]
        if comment:
            found = [one for one in found if bool(one["comment"]) == (comment == "_comment")]
        found = [one for one in found if int(start or 0) <= seconds(one["updated_at"]) <= int(end or 1 << 40)]
        rows = rows_of(found)
    return paged(call.request, call.state.host, "satisfaction_ratings", rows)


def show_rating(call: Call) -> Record:
    """Answer `GET /satisfaction_ratings/{id}`."""
    rows = call.state.all_ratings()
    if call.ids[0] not in rows.ids:
        raise no_record()
    return {"satisfaction_rating": [rows.row(call.ids[0])]}  # a list around the single one, as the description shows it


def tags(call: Call) -> Record:
    """Answer `GET /tags`: the 20,000 most used of the last sixty days, no full inventory."""
    state = call.state
    since = state.now() - 60 * 86_400

    def make() -> list[Record]:
        known = state.lists.get("tags")
        if known is not None:
            return known
        counts: Counter[str] = Counter()
        for at, place in state.tickets.after(since):
            file = state.tickets.at(place)
            if at >= since and not file.is_deleted:
                counts.update(file.record["tags"])
        return [{"name": name, "count": count} for name, count in counts.most_common(_MAX_TAGS)]

    found: list[Record] = state.remembered("tags", (state.tickets.version, state.now() // 86_400), make)
    return paged(call.request, state.host, "tags", Rows(range(len(found)), found.__getitem__))


def tickets_of(call: Call) -> Record:
    """Answer `/users/{id}/tickets/requested|ccd|assigned|followed` and `/organizations/{id}/tickets`."""
    parts = call.request.path.removesuffix(".json").split("/")
    identifier = call.ids[0]
    tests: dict[str, Any] = {
        "requested": lambda one: one["requester_id"] == identifier,
        "assigned": lambda one: one["assignee_id"] == identifier,
        "ccd": lambda one: identifier in one["email_cc_ids"],
        "followed": lambda one: identifier in one["follower_ids"],
        "tickets": lambda one: one["organization_id"] == identifier,
    }
    ids = [one for one in _listed(call) if tests[parts[-1]](_record(call, one))]
    return paged(call.request, call.state.host, "tickets", _ticket_rows(call, ids))


ROUTES: Final = routes(
    ("GET /api/v2/tickets", list_tickets),
    ("GET /api/v2/tickets/count", count_tickets),
    ("GET /api/v2/tickets/show_many", show_many),
    ("GET /api/v2/tickets/{id}", show_ticket),
    ("GET /api/v2/tickets/{id}/comments", comments),
    ("GET /api/v2/tickets/{id}/comments/count", count_comments),
    Route("GET", "/api/v2/tickets/{id}/audits", audits, broad=True),
    Route("GET", "/api/v2/tickets/{id}/audits/count", count_audits, broad=True),
    Route("GET", "/api/v2/tickets/{id}/audits/{id}", show_audit, broad=True),
    Route("GET", "/api/v2/ticket_audits", all_audits, broad=True),
    ("GET /api/v2/tickets/{id}/metrics", metrics_of_ticket),
    ("GET /api/v2/tickets/{id}/metric_events", nothing),
    ("GET /api/v2/ticket_metrics", ticket_metrics),
    ("GET /api/v2/ticket_metrics/{id}", show_metrics),
    ("GET /api/v2/tickets/{id}/collaborators", people_of),
    ("GET /api/v2/tickets/{id}/email_ccs", people_of),
    ("GET /api/v2/tickets/{id}/followers", people_of),
    ("GET /api/v2/tickets/{id}/incidents", incidents),
    ("GET /api/v2/tickets/{id}/tags", tags_of_ticket),
    Route("GET", "/api/v2/satisfaction_ratings", ratings, feature="csat"),
    Route("GET", "/api/v2/satisfaction_ratings/{id}", show_rating, feature="csat"),
    ("GET /api/v2/tags", tags),
    ("GET /api/v2/users/{id}/tickets/requested", tickets_of),
    ("GET /api/v2/users/{id}/tickets/assigned", tickets_of),
    ("GET /api/v2/users/{id}/tickets/ccd", tickets_of),
    ("GET /api/v2/users/{id}/tickets/followed", tickets_of),
    ("GET /api/v2/organizations/{id}/tickets", tickets_of),
)
