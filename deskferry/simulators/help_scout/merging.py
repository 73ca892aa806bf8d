"""Merging: all threads of one conversation go into another; what is left of it is a redirect, for a while."""

from __future__ import annotations

from deskferry.simulators.help_scout import conversation_store as store
from deskferry.simulators.help_scout.account import Account
from deskferry.simulators.help_scout.errors import Row


def merge(account: Account, loser: Row, winner: Row, moment: str) -> None:
    """Merge a conversation into another as a user did at a time; a line of the other says so."""
    for thread in loser["_threads"]:
        account.thread_at[thread["id"]] = winner["id"]
        for row_id in thread["_files"]:
            account.tables["attachments"][row_id]["_conversation"] = winner["id"]
    winner["_threads"] = sorted(
        winner["_threads"] + loser["_threads"], key=lambda thread: (thread["createdAt"], thread["id"])
    )
    loser |= {"_threads": [], "_merged_into": winner["id"], "_merged_at": moment}
    text = f"Merged with conversation #{loser['number']}"
    action: Row = {"type": "merged", "text": text, "associatedEntities": {"originalConversation": loser["id"]}}
    line: Row = {"type": "lineitem", "action": action, "createdAt": moment, "_creator": ("user", account.owner())}
    store.add_thread(account, winner, {**line, "_customer": winner["_customer"]})
    for rating in account.tables["ratings"].values():
        if rating["conversationId"] == loser["id"]:
            rating |= {"conversationId": winner["id"], "conversationNumber": winner["number"]}
    store.by_user(account, winner, at=moment)
    store.keep(account, loser, moved=False)
