"""Changes behind the API's back, as people who work there make them, and the picture of the whole account.

Operations (`op`), with their other keys. Where `at` is allowed it is the internal time of change that the record gets,
which makes a change that arrives late:

- `edit_conversation` id, fields, user=true, at: put values into a conversation (`_tags`, `_assignee`, ... too);
  `userUpdatedAt` stays unless `user`.
- `touch_conversation` id, at: only the internal time of change moves, as workflows and merges of customers do.
- `delete_conversation`, `spam_conversation` id. `purge_conversation` id: it was never there.
- `merge` loser, winner, at: as a user does in the web interface.
- `add_thread` id, type=note, body, state, status, created_at, touch=true, at; `edit_thread` id, fields.
- `customer_reply` id, body: a mail comes in; the conversation is active again and no user did anything.
- `drop_thread` id: the thread is in no answer any more, while the declared count and the totals still have it;
  `restore_thread` id.
- `drop_page` path, page: that page of a list comes without its rows, while the totals still have them; without
  `page` the switch is taken back.
- `attach` thread, name, mime_type, data (Base64). `edit_attachment` id, fields (`state`, `size`, ...).
  `corrupt_attachment` id: its bytes change, nothing else.
- `edit_customer` id, fields, touch=true, at; `add_customer` fields; `delete_customer` id;
  `merge_customers` loser, winner: the old id is gone.
- `edit_organization` id, fields, touch=true. `edit_tag` id, fields. `edit_user` id, fields; `remove_user` id: what was
  written stays, what was assigned is nobody's.
- `add_field` inbox, name, type, labels. `add_rating` thread, rating, comments.
- `edit_article` id, fields, touch=true (Docs API).
- `settings` and any field of `Settings`. `plan` is one of them.
- `expire_tokens`: every access token given so far is dead. `token_life` seconds. `revoke` on=true: the app is too.
- `role` role (`owner`, `admin`, `user`): a user sees no organizations' properties, workflows or reports.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import asdict
from dataclasses import fields as dataclass_fields
from typing import Any

from deskferry.errors import ConfigError
from deskferry.simulators.help_scout import attachments, customers, inboxes, merging, ratings
from deskferry.simulators.help_scout import conversation_store as store
from deskferry.simulators.help_scout.account import Account
from deskferry.simulators.help_scout.errors import Row
from deskferry.simulators.help_scout.limits import PLANS
from deskferry.simulators.help_scout.settings import Settings

Change = Mapping[str, Any]


def apply(account: Account, change: Change) -> Any:
    """Carry out one operation; raises ConfigError for one that there is not."""
    work = OPERATIONS.get(str(change.get("op")))
    if work is None:
        raise ConfigError(f"The Help Scout simulator has no operation {change.get('op')}.", "See patches.py for all.")
    account.version += 1
    return work(account, change)


def _conversation(account: Account, change: Change, key: str = "id") -> Row:
    return account.tables["conversations"][change[key]]


def _edit_conversation(account: Account, change: Change) -> None:
    row = _conversation(account, change)
    row.update(change["fields"])
    work = store.by_user if change.get("user", True) else store.keep
    work(account, row, at=change.get("at"))


def _touch(account: Account, change: Change) -> None:
    store.keep(account, _conversation(account, change), at=change.get("at"))


def _mark(**marks: Any) -> Callable[[Account, Change], None]:
    def mark(account: Account, change: Change) -> None:
        row = _conversation(account, change)
        row.update(marks)
        store.by_user(account, row)

    return mark


def _purge(account: Account, change: Change) -> None:
    row = account.tables["conversations"].pop(change["id"])
    account.of_customer[row["_customer"]].discard(row["id"])
    account.index("conversations", row["id"], None)


def _merge(account: Account, change: Change) -> None:
    loser, winner = _conversation(account, change, "loser"), _conversation(account, change, "winner")
    merging.merge(account, loser, winner, change.get("at") or account.now())


def _add_thread(account: Account, change: Change) -> int:
    row = _conversation(account, change)
    names = ("body", "state", "status", "action", "source")
    values: Row = {"type": change.get("type", "note"), "_creator": ("user", account.owner())}
    values |= {"_customer": row["_customer"], **{name: change[name] for name in names if name in change}}
    if "created_at" in change:
        values["createdAt"] = change["created_at"]
    thread_id: int = store.add_thread(account, row, values)["id"]
    if change.get("touch", True):
        store.by_user(account, row, at=change.get("at"))
    return thread_id


def _thread(account: Account, change: Change, key: str = "id") -> tuple[Row, Row]:
    row = account.tables["conversations"][account.thread_at[change[key]]]
    return row, next(thread for thread in row["_threads"] if thread["id"] == change[key])


def _edit_thread(account: Account, change: Change) -> None:
    row, thread = _thread(account, change)
    thread.update(change["fields"])
    if change.get("touch", True):
        store.by_user(account, row)


def _drop(dropped: bool) -> Callable[[Account, Change], None]:
    def drop(account: Account, change: Change) -> None:
        _thread(account, change)[1]["_dropped"] = dropped

    return drop


def _drop_page(account: Account, change: Change) -> None:
    path = str(change["path"]).rstrip("/")
    if "page" in change:
        account.dropped_pages.add((path, int(change["page"])))
    else:
        account.dropped_pages = {pair for pair in account.dropped_pages if pair[0] != path}


def _customer_reply(account: Account, change: Change) -> int:
    row, moment = _conversation(account, change), account.now()
    values: Row = {"type": "customer", "body": change["body"], "source": {"type": "email", "via": "customer"}}
    values |= {"_creator": ("customer", row["_customer"]), "_customer": row["_customer"], "status": "active"}
    thread_id: int = store.add_thread(account, row, values)["id"]
    # With no user's action since, the user's time is that of the customer.
    row |= {"status": "active", "_waiting": (moment, "customer"), "userUpdatedAt": moment}
    store.keep(account, row)
    account.mail("customer_reply", "assigned user", row["subject"] or "", row["id"])
    return thread_id


def _attach(account: Account, change: Change) -> int:
    row, thread = _thread(account, change, "thread")
    data = base64.b64decode(change["data"])
    made = attachments.add_file(account, row["id"], change["name"], change["mime_type"], data)
    thread["_files"].append(made["id"])
    store.by_user(account, row)
    row_id: int = made["id"]
    return row_id


def _corrupt(account: Account, change: Change) -> None:
    row = account.tables["attachments"][change["id"]]
    data = bytearray(attachments.content(account, row) or b"\0")
    data[-1] ^= 0xFF
    row |= {"_made": None, "_sha256": account.blobs.put(bytes(data))}


def _edit_customer(account: Account, change: Change) -> None:
    row = account.tables["customers"][change["id"]]
    row.update(change["fields"])
    if change.get("touch", True):
        row["updatedAt"] = change.get("at") or account.now()
    customers.keep(account, row)


def _merge_customers(account: Account, change: Change) -> None:
    """Merge two customers: conversations move, which moves their internal time of change and nothing that shows."""
    loser, winner = change["loser"], change["winner"]
    for row_id in sorted(account.of_customer.pop(loser, set())):
        row = account.tables["conversations"][row_id]
        row["_customer"] = winner
        account.of_customer[winner].add(row_id)
        store.keep(account, row)
    customers.forget(account, account.tables["customers"][loser])


def _edit(table: str) -> Callable[[Account, Change], None]:
    def edit(account: Account, change: Change) -> None:
        row = account.tables[table][change["id"]]
        row.update(change["fields"])
        if change.get("touch", True):
            account.touch(row)

    return edit


def _remove_user(account: Account, change: Change) -> None:
    row = account.tables["users"].pop(change["id"])
    account.gone_users[row["id"]] = row
    for conversation in account.tables["conversations"].values():
        if conversation["_assignee"] == row["id"]:
            conversation["_assignee"] = None
            store.keep(account, conversation)


def _add_field(account: Account, change: Change) -> int:
    labels = tuple(change.get("labels", ()))
    row_id: int = inboxes.add_field(account, change["inbox"], change["name"], change["type"], labels)["id"]
    return row_id


def _add_rating(account: Account, change: Change) -> int:
    row, thread = _thread(account, change, "thread")
    made = ratings.add(account, row, thread, change["rating"], change.get("comments"), account.now())
    thread["_rating"] = row_id = int(made["id"])
    store.keep(account, row)
    return row_id


def _edit_article(account: Account, change: Change) -> None:
    row = account.docs["articles"][change["id"]]
    row.update(change["fields"])
    if change.get("touch", True):
        row["updatedAt"] = account.now()


def _settings(account: Account, change: Change) -> Any:
    known = {field.name for field in dataclass_fields(Settings)}
    wrong = set(change) - known - {"op"}
    if wrong or change.get("plan", "standard") not in PLANS:
        raise ConfigError(f"The Help Scout simulator has no setting {', '.join(sorted(wrong)) or change['plan']}.")
    for name in set(change) - {"op"}:
        setattr(account.settings, name, change[name])
    return asdict(account.settings)


OPERATIONS: dict[str, Callable[[Account, Change], Any]] = {
    "edit_conversation": _edit_conversation,
    "touch_conversation": _touch,
    "delete_conversation": _mark(state="deleted"),
    "spam_conversation": _mark(status="spam"),
    "purge_conversation": _purge,
    "merge": _merge,
    "add_thread": _add_thread,
    "edit_thread": _edit_thread,
    "customer_reply": _customer_reply,
    "drop_thread": _drop(True),
    "restore_thread": _drop(False),
    "drop_page": _drop_page,
    "attach": _attach,
    "edit_attachment": _edit("attachments"),
    "corrupt_attachment": _corrupt,
    "edit_customer": _edit_customer,
    "add_customer": lambda account, change: customers.add(account, dict(change["fields"]))["id"],
    "delete_customer": lambda account, change: customers.forget(account, account.tables["customers"][change["id"]]),
    "merge_customers": _merge_customers,
    "edit_organization": _edit("organizations"),
    "edit_tag": _edit("tags"),
    "edit_user": _edit("users"),
    "remove_user": _remove_user,
    "add_field": _add_field,
    "add_rating": _add_rating,
    "edit_article": _edit_article,
    "settings": _settings,
    "expire_tokens": lambda account, _change: account.auth.expire(),
    "token_life": lambda account, change: setattr(account.auth, "life", float(change["seconds"])),
    "revoke": lambda account, change: setattr(account.auth, "revoked", change.get("on", True)),
    "role": lambda account, change: setattr(account, "role", str(change["role"])),
}
