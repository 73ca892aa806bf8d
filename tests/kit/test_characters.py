"""Characters that are not sent: found wherever they stand in a body, left out, and counted."""

from __future__ import annotations

from deskferry.connectors.kit.characters import REMOVED, fit_characters
from deskferry.connectors.kit.contract import Composition, Operation
from deskferry.connectors.kit.links import Link, LinkedText


def operation(part: str = "", **body: object) -> Operation:
    kind = "message" if part else "ticket"
    return Operation("old:ticket:1", part, kind, "create", "x.create", "ticket", body)


def test_refused_characters_are_left_out_and_counted() -> None:
    link = Link("old:ticket:2", "ticket", "https://acme.zendesk.com/agent/tickets/2")
    made = fit_characters(
        Composition(
            (
                operation(subject="Bell\x07", tags=["a\x1b", "b"], custom={"x": "\ud83d"}),
                operation("old:comment:9#2", body=LinkedText(("tab\tand\nline\x00", link))),
                operation("old:comment:10", body="emoji 🎉, عربى, \u200b"),
            ),
            (),
        )
    )
    first, second, third = made.operations
    assert first.body == {"subject": "Bell", "tags": ["a", "b"], "custom": {"x": ""}}
    assert second.body == {"body": LinkedText(("tab\tand\nline", link))}
    assert third.body["body"] == "emoji 🎉, عربى, \u200b"
    assert [(one.record_id, one.value, one.cause) for one in made.losses] == [
        ("old:ticket:1", "3: U+0007, U+001B, U+D83D", REMOVED),
        ("old:comment:9", "1: U+0000", REMOVED),
    ]


def test_what_can_be_sent_is_untouched() -> None:
    made = Composition((operation(subject="Fine\r\n"),), ())
    assert fit_characters(made) is made
