"""What is to be done with operations that crossed before."""

from __future__ import annotations

from typing import Any

from deskferry.connectors.kit.contract import Operation
from deskferry.migrate.decide import CANNOT_UPDATE, Todo, decide
from deskferry.migrate.journal import Held
from deskferry.migrate.requests import request_hash


def operation(part: str, text: str) -> Operation:
    return Operation("old:ticket:1", part, "message", "create", "note.create", "conversation", {"body": text})


def held(one: Operation) -> Held:
    known: dict[str, Any] = dict.fromkeys(Held.__dataclass_fields__)
    known |= {"state": "created", "remote_object": "conversation", "remote_id": "9", "request_hash": request_hash(one)}
    return Held(**known)


def test_a_piece_that_a_shorter_text_leaves_behind_is_a_declared_loss() -> None:
    first, second = operation("old:comment:5", "a secret"), operation("old:comment:5#2", "and more of it")
    crossings = {(one.record_id, one.part): held(one) for one in (first, second)}
    decided = decide([first], crossings, {}, object())  # type: ignore[arg-type]
    assert [step.todo for step in decided.steps] == [Todo.UNCHANGED]
    assert [(loss.field, loss.cause) for loss in decided.losses] == [("old:comment:5#2", CANNOT_UPDATE)]


def test_a_message_that_is_gone_at_the_source_stays_without_a_loss() -> None:
    gone = operation("old:comment:6", "bye")
    decided = decide([], {(gone.record_id, gone.part): held(gone)}, {}, object())  # type: ignore[arg-type]
    assert decided.losses == ()
    assert decided.kept == ((gone.record_id, gone.part),)
