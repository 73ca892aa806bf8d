"""The knowledge base: categories, folders, articles, each with its translations."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from deskferry.simulators.freshdesk import attachments, markup
from deskferry.simulators.freshdesk.account import Account
from deskferry.simulators.freshdesk.agents import of_group
from deskferry.simulators.freshdesk.checks import ANY, HASH, TEXT, TEXTS, WHOLE, WHOLES, fields, one_of, tags_ok
from deskferry.simulators.freshdesk.errors import Row, duplicate, no_match, not_found
from deskferry.simulators.freshdesk.paging import paged
from deskferry.simulators.freshdesk.routing import Call, Route, created, empty
from deskferry.simulators.kernel import SimResponse, json_response

CATEGORIES, FOLDERS, ARTICLES = "solution_categories", "solution_folders", "solution_articles"
LANGUAGE = "multi_language"
SPECS = {
    CATEGORIES: fields({TEXT: "name description", WHOLES: "visible_in_portals"}),
    FOLDERS: fields(
        {
            TEXT: "name description",
            WHOLE: "parent_folder_id visibility",
            WHOLES: "company_ids contact_segment_ids company_segment_ids",
        },
    ),
    ARTICLES: fields(
        {TEXT: "title description", WHOLE: "status agent_id", HASH: "seo_data", TEXTS: "tags", ANY: "attachments"},
    ),
}
NEEDED = {CATEGORIES: ("name",), FOLDERS: ("name",), ARTICLES: ("title", "description", "status")}
TRANSLATED = {
    CATEGORIES: ("name", "description"),
    FOLDERS: ("name", "description"),
    ARTICLES: ("title", "description", "status", "seo_data", "tags"),
}


def show(account: Account, table: str, row: Row, language: str | None = None) -> Row:
    """Return a record of the knowledge base, in a language where one is asked for."""
    shown = {key: value for key, value in row.items() if key[0] != "_"}
    if language is not None:
        if language not in row["_translations"]:
            raise not_found()
        shown |= row["_translations"][language]
    if table == CATEGORIES:
        return shown
    shown["hierarchy"] = _hierarchy(account, table, row, language or account.settings.languages[0])
    if table == ARTICLES:
        shown["description_text"] = markup.plain(shown["description"])
        shown["attachments"] = attachments.show(account, row["_files"])
        return shown
    shown["articles_count"] = sum(1 for item in account.tables[ARTICLES].values() if item["folder_id"] == row["id"])
    folders = account.tables[FOLDERS].values()
    shown["sub_folders_count"] = sum(1 for item in folders if item["parent_folder_id"] == row["id"])
    return shown


def _hierarchy(account: Account, table: str, row: Row, language: str) -> list[Row]:
    chain = []
    folder = account.tables[FOLDERS].get(row["folder_id"]) if table == ARTICLES else row
    while folder is not None:
        chain.append(("folder", folder))
        folder = account.tables[FOLDERS].get(folder["parent_folder_id"] or 0)
    category = account.tables[CATEGORIES].get(row["category_id"])
    levels = [*([("category", category)] if category else []), *reversed(chain)]
    return [
        {"level": level, "type": kind, "data": {"id": item["id"], "name": item["name"], "language": language}}
        for level, (kind, item) in enumerate(levels)
    ]


def _check(account: Account, table: str, values: Row, row: Row) -> None:
    tags_ok(values.get("tags"))
    one_of("status", values.get("status"), (1, 2))
    one_of("visibility", values.get("visibility"), (1, 2, 3, 4, 5, 6, 7))
    of_group(account, values.get("agent_id"), "agent_id")
    if values.get("parent_folder_id") is not None:
        account.need("folder_hierarchy")
        if values["parent_folder_id"] not in account.tables[FOLDERS]:
            raise no_match("parent_folder_id", "folder")
    name = values.get("name")
    siblings = (item for item in account.tables[table].values() if item["id"] != row.get("id"))
    where = ("category_id", "parent_folder_id")
    if name and any(
        item["name"].casefold() == name.casefold() and all(item.get(key) == row.get(key) for key in where)
        for item in siblings
    ):
        raise duplicate("name")
    keywords = (values.get("seo_data") or {}).get("meta_keywords")
    if isinstance(keywords, list):
        values["seo_data"] = {**values["seo_data"], "meta_keywords": ",".join(keywords)}


def _create(call: Call, table: str, path: str, parent: Row) -> SimResponse:
    account = call.account
    values, files = call.form(SPECS[table], NEEDED[table])
    row: Row = {"id": 0, **parent, "_translations": {}}
    if table == FOLDERS:
        row |= {"description": None, "visibility": 1, "parent_folder_id": values.get("parent_folder_id")}
    elif table == CATEGORIES:
        row |= {"description": None}
    else:
        row |= {"type": 1, "hits": 0, "thumbs_up": 0, "thumbs_down": 0, "tags": [], "seo_data": {}, "_files": []}
        row["agent_id"] = call.caller["id"]
    _check(account, table, values, row)
    row.update({key: value for key, value in values.items() if value is not None})
    if table == ARTICLES:
        row["description"] = markup.clean(row["description"])
        attachments.check_size(account, files)
        row["_files"] = attachments.keep(account, files)
    account.add(table, row)
    return created(call, path, show(account, table, row))


def _update(call: Call, table: str) -> SimResponse:
    account = call.account
    row = account.get(table, call.id)
    values, files = call.form(SPECS[table])
    _check(account, table, values, row)
    if values.get("description") is not None and table == ARTICLES:
        values["description"] = markup.clean(values["description"])
    row.update(values)
    if files:
        row["_files"] += attachments.keep(account, files)
    account.touch(row)
    return json_response(show(account, table, row))


def _language(call: Call) -> str:
    account = call.account
    account.need(LANGUAGE)
    language = call.args[-1]
    if language not in account.settings.languages[1:]:
        raise not_found()
    return language


def _translate(call: Call, table: str) -> SimResponse:
    account, language = call.account, _language(call)
    row = account.get(table, call.id)
    making = call.request.method == "POST"
    spec = {name: SPECS[table][name] for name in TRANSLATED[table]}
    values = call.values(spec, NEEDED[table] if making else ())
    if making == (language in row["_translations"]):
        raise duplicate("language") if making else not_found()
    _check(account, table, {key: value for key, value in values.items() if key != "name"}, row)
    if "description" in values and table == ARTICLES:
        values["description"] = markup.clean(values["description"])
    moment = account.now()
    known = row["_translations"].setdefault(language, {"created_at": moment, "hits": 0} if table == ARTICLES else {})
    known |= {**values, "updated_at": moment}
    return json_response(show(account, table, row, language), 201 if making else 200)


def _delete(call: Call, table: str) -> SimResponse:
    account = call.account
    account.get(table, call.id)
    del account.tables[table][call.id]
    if table == CATEGORIES:
        _prune(account, lambda row: row["category_id"] == call.id)
    elif table == FOLDERS:
        _prune(account, lambda row: call.id in (row.get("folder_id"), row.get("parent_folder_id")))
    return empty()


def _prune(account: Account, gone: Callable[[Row], bool]) -> None:
    for table in (ARTICLES, FOLDERS):
        for row_id in [row["id"] for row in account.tables[table].values() if gone(row)]:
            del account.tables[table][row_id]


def _children(call: Call, parents: str, table: str, key: str) -> SimResponse:
    account = call.account
    language = _language(call) if len(call.args) > (0 if not parents else 1) else None
    if parents:
        account.get(parents, call.id)
    rows = [row for row in account.tables[table].values() if not key or row[key] == call.id]
    if key == "category_id":
        rows = [row for row in rows if row["parent_folder_id"] is None]
    rows = [row for row in rows if language is None or language in row["_translations"]]
    left_out = ("category_id",) if table == FOLDERS else ()
    return paged(call, rows, lambda row: _without(show(account, table, row, language), left_out))


def _without(shown: Row, names: Sequence[str]) -> Row:
    """Return a row of a list: those of folders do not say which category they are in."""
    return {key: value for key, value in shown.items() if key not in names}


def _new_folder(call: Call) -> SimResponse:
    call.account.get(CATEGORIES, call.id)
    return _create(call, FOLDERS, "/solutions/folders", {"category_id": call.id})


def _new_article(call: Call) -> SimResponse:
    folder = call.account.get(FOLDERS, call.id)
    parent = {"category_id": folder["category_id"], "folder_id": folder["id"]}
    return _create(call, ARTICLES, "/solutions/articles", parent)


def _one(name: str, table: str) -> list[Route]:
    path = f"/solutions/{name}/{{id}}"
    translated = f"{path}/{{text}}"
    return [
        Route("GET", path, lambda call: json_response(show(call.account, table, call.account.get(table, call.id)))),
        Route("PUT", path, lambda call: _update(call, table)),
        Route("DELETE", path, lambda call: _delete(call, table)),
        Route("GET", translated, lambda call: _translated(call, table)),
        Route("POST", translated, lambda call: _translate(call, table)),
        Route("PUT", translated, lambda call: _translate(call, table)),
    ]


def _translated(call: Call, table: str) -> SimResponse:
    row = call.account.get(table, call.id)
    return json_response(show(call.account, table, row, _language(call)))


def _lists(path: str, parents: str, table: str, key: str) -> list[Route]:
    return [
        Route("GET", path, lambda call: _children(call, parents, table, key)),
        Route("GET", f"{path}/{{text}}", lambda call: _children(call, parents, table, key)),
    ]


ROUTES = (
    Route("POST", "/solutions/categories", lambda call: _create(call, CATEGORIES, "/solutions/categories", {})),
    Route("POST", "/solutions/categories/{id}/folders", _new_folder),
    Route("POST", "/solutions/folders/{id}/articles", _new_article),
    *_lists("/solutions/categories/{id}/folders", CATEGORIES, FOLDERS, "category_id"),
    *_lists("/solutions/folders/{id}/subfolders", FOLDERS, FOLDERS, "parent_folder_id"),
    *_lists("/solutions/folders/{id}/articles", FOLDERS, ARTICLES, "folder_id"),
    *_one("categories", CATEGORIES),
    *_one("folders", FOLDERS),
    *_one("articles", ARTICLES),
    *_lists("/solutions/categories", "", CATEGORIES, ""),
)
