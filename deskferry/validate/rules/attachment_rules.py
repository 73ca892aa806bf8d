"""Rules on files, as their rows tell of them; `kept_files` looks at the files themselves."""

from __future__ import annotations

from deskferry.validate.finding import Severity
from deskferry.validate.rule import Dimension, Rule

RULES = (
    Rule(
        "attachment.not_downloaded", "attachment", Dimension.COMPLETENESS, Severity.WARNING,
        "Files that are listed but not here", "{fetch_state}, of {size} bytes",
        "Pull again; what stays `refused` or `missing` is not to be had at the vendor with these credentials.",
        {"attachment": ("fetch_state", "size")},
        where=lambda rows, _desk: rows.fetch_state.isnull() | (rows.fetch_state != "done"),
    ),
    Rule(
        "attachment.empty", "attachment", Dimension.ACCURACY, Severity.WARNING, "Files of size zero", "of 0 bytes",
        "The upload was cut off at the vendor, or ours: fetch it again, and look at it there.",
        {"attachment": ("size",)}, where=lambda rows, _desk: rows.size == 0,
    ),
    Rule(
        "attachment.of_nothing", "attachment", Dimension.REFERENCES, Severity.WARNING,
        "Files that belong to nothing", "neither a message, a ticket nor an article is named",
        "Normalize again; if it stays, report it: the file cannot cross.",
        {"attachment": ("ticket_id", "message_id", "article_id")},
        where=lambda rows, _desk: rows.ticket_id.isnull() & rows.message_id.isnull() & rows.article_id.isnull(),
    ),
)  # fmt: skip
