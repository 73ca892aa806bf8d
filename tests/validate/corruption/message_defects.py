"""Faults of messages and files."""

from __future__ import annotations

from deskferry.store.blobs import BlobStore
from tests.validate.corruption.damage import REPLY, UNASKED, Damage, later
from tests.validate.corruption.defect import Seen, defect, seen

KEPT = "fetch_state = 'done' AND sha256 IS NOT NULL AND size > 10 AND message_id IS NOT NULL"


@defect("message.before_ticket")
def before_ticket(desk: Damage) -> Seen:
    ticket = desk.solved()
    message = desk.message(ticket)
    return seen(desk.set("message", message, created_at=later(desk.get("ticket", ticket, "created_at"), days=-2)))


@defect("message.after_closing", "zendesk", "freshdesk")
def after_closing(desk: Damage) -> Seen:
    """Somebody wrote on a ticket after it was closed, and nobody opened it again."""
    ticket = desk.solved(UNASKED, "status = 'closed' AND closed_at IS NOT NULL")
    written = later(desk.get("ticket", ticket, "closed_at"), days=2)
    desk.set("ticket", ticket, updated_at=written)
    last = desk.message(ticket, f"{REPLY} AND seq = (SELECT MAX(seq) FROM message x WHERE x.ticket_id = message.ticket_id "
                        f"AND x.is_public AND x.author_kind = 'agent' AND NOT x.is_opening)")  # fmt: skip
    return seen(desk.set("message", last, created_at=written))


@defect("message.reply_by_nobody")
def reply_by_nobody(desk: Damage) -> Seen:
    return seen(desk.set("message", desk.message(desk.solved()), author_id=None, author_kind="unknown"))


@defect("message.direction_contradicts_author")
def direction_contradicts_author(desk: Damage) -> Seen:
    return seen(desk.set("message", desk.message(desk.solved()), direction="in"))


@defect("message.several_openings")
def several_openings(desk: Damage) -> Seen:
    ticket = desk.solved()
    second = desk.set("message", desk.message(ticket), is_opening=True)
    return seen(ticket, instead=[second, desk.message(ticket, "is_opening")])


@defect("message.no_opening")
def no_opening(desk: Damage) -> Seen:
    ticket = desk.solved()
    first = desk.set("message", desk.message(ticket, "is_opening"), is_opening=False)
    return seen(ticket, instead=[first])


@defect("message.draft_counted_as_reply")
def draft_counted_as_reply(desk: Damage) -> Seen:
    """The first response is the time of a draft that nobody sent."""
    ticket = desk.solved()
    created = desk.get("ticket", ticket, "created_at")
    at = later(created, minutes=1)
    agent = desk.get("message", desk.message(ticket), "author_id")
    draft = desk.insert(
        "message", ticket_id=ticket, seq=99, author_id=agent, author_kind="agent", kind="public_reply", state="draft",
        direction="out", is_public=True, is_opening=False, channel="email", body_text="Not yet sent.",
        body_html="<p>Not yet sent.</p>", created_at=at, updated_at=at,
        to_addresses=[{"address": "who@orchard.example.org", "name": None}],
    )  # fmt: skip
    desk.set("ticket", ticket, first_responded_at=at)
    return seen(draft, instead=[ticket])


@defect("message.no_recipient")
def no_recipient(desk: Damage) -> Seen:
    """All mails of the desk tell to whom they went, but for one."""
    message = desk.message(desk.solved())
    desk.execute(
        "UPDATE message SET channel = 'email', to_addresses = :to WHERE connection = :c AND direction = 'out' AND is_public "
        "AND (to_addresses IS NULL OR to_addresses = '[]')",
        c=desk.connection, to='[{"address":"who@orchard.example.org","name":null}]',
    )  # fmt: skip
    return seen(desk.set("message", message, to_addresses=[], cc_addresses=[], bcc_addresses=[]))


# --------------------------------------------------------------------------------------------------------------- files


@defect("attachment.not_downloaded")
def not_downloaded(desk: Damage) -> Seen:
    return seen(desk.set("attachment", desk.take("attachment", KEPT), fetch_state="pending", sha256=None))


@defect("attachment.empty")
def empty_file(desk: Damage) -> Seen:
    nothing = BlobStore(desk.store.blobs).put([b""]).sha256
    return seen(desk.set("attachment", desk.take("attachment", KEPT), size=0, sha256=nothing))


@defect("attachment.hash_mismatch")
def hash_mismatch(desk: Damage) -> Seen:
    """A kept file lost its second half."""
    blobs, content = BlobStore(desk.store.blobs), f"A file of {desk.connection}, whole. ".encode() * 20
    kept = blobs.put([content])
    file = desk.set("attachment", desk.take("attachment", KEPT), sha256=kept.sha256, size=len(content))
    path = blobs.path(kept.sha256)
    path.chmod(0o600)
    path.write_bytes(content[: len(content) // 2])
    return seen(file)


@defect("attachment.of_nothing")
def of_nothing(desk: Damage) -> Seen:
    kept = BlobStore(desk.store.blobs).put([b"adrift"])
    return seen(desk.insert("attachment", filename="adrift.txt", fetch_state="done", sha256=kept.sha256, size=6))
