"""What the writer composes: golden drafts beside their cases, and what no case shows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from deskferry.connectors.kit.converters import html_to_text
from deskferry.connectors.zendesk.desk import BODY_LIMIT, COMMENT_LIMIT
from deskferry.connectors.zendesk.fields import spelled
from deskferry.connectors.zendesk.words import LOSS_CAUSES, WORDS, bracketed, without_lines, word
from tests.golden import rewrite_drafts as golden


@pytest.mark.parametrize("case", golden.cases(), ids=lambda case: case.name)
def test_a_case_is_composed_as_expected(case: Path) -> None:
    expected = json.loads(golden.expected_file(case).read_text(encoding="utf-8"))
    assert golden.draft_of(case) == expected, "python tests/golden/rewrite_drafts.py"


def _draft(tmp_path: Path, **changes: Any) -> dict[str, Any]:
    """Return the draft of the plainest ticket with these changes."""
    case = {
        "ticket": {
            "id": "old:ticket:1", "connection": "old", "vendor": "x", "subject": "S", "status": "open",
            "channel": "email", "requester_id": "old:user:1", "created_at": "2025-01-01T00:00:00+00:00",
        },
        "targets": {"old:user:1": {"remote_id": None, "object": "user", "role": "end_user"}},
        **changes,
    }  # fmt: skip
    path = tmp_path / "one.case.json"
    path.write_text(json.dumps(case), encoding="utf-8")
    return golden.draft_of(path)


def _message(number: int, text: str) -> dict[str, Any]:
    return {
        "id": f"old:comment:{number}", "author_id": "old:user:1", "is_public": True, "body_html": text,
        "created_at": "2025-01-01T00:00:00+00:00",
    }  # fmt: skip


def test_a_long_text_goes_on_in_the_next_comment(tmp_path: Path) -> None:
    text = "<p>" + "wörd " * 30_000 + "</p>"
    made = _draft(tmp_path, messages=[_message(1, text), _message(2, "<p>short</p>")])
    (operation,) = made["operations"]
    comments = operation["body"]["comments"]
    assert len(comments) > 3
    assert max(len(one["html_body"].encode()) for one in comments) <= BODY_LIMIT
    whole = "".join(html_to_text(one["html_body"]) or "" for one in comments[:-1])
    assert "".join(whole.split()) == "".join((html_to_text(text) or "").split())
    assert operation["carries"] == [
        "old:comment:1", *(f"old:comment:1#{number}" for number in range(2, len(comments))), "old:comment:2",
    ]  # fmt: skip
    assert ["old:comment:1", "body_html", str(len(comments) - 1), "text_split"] in made["losses"]


def test_messages_beyond_what_a_ticket_holds_are_counted(tmp_path: Path) -> None:
    made = _draft(tmp_path, messages=[_message(number, "<p>x</p>") for number in range(1, COMMENT_LIMIT + 3)])
    assert len(made["operations"][0]["body"]["comments"]) == COMMENT_LIMIT - 1
    lost = [one for one in made["losses"] if one[3] == "too_many_messages"]
    assert [one[0] for one in lost] == [f"old:comment:{number}" for number in range(COMMENT_LIMIT, COMMENT_LIMIT + 3)]


@pytest.mark.parametrize(("tag", "there"), [("Über Tag", "über_tag"), ("a/b:c.d-e", "a/b:c.d-e"), ("x,y;z", "x_y_z")])
def test_tags_are_spelled_as_the_vendor_keeps_them(tag: str, there: str) -> None:
    assert spelled(tag) == there
    assert spelled(there) == there


@pytest.mark.parametrize("language", WORDS)
def test_lines_of_ours_are_taken_off_again(language: str) -> None:
    line = bracketed(word(language, "author", "Bob [sales] (x)"))
    assert without_lines(f"{line}\nHello") == "Hello"
    assert without_lines(f"{bracketed(word(language, 'no_text'))}") == ""
    assert without_lines("[2025-01-01T00:00:00Z] Hello") == "Hello"
    assert without_lines("[Not ours] Hello") == "[Not ours] Hello"


def test_both_languages_have_the_same_words() -> None:
    assert set(WORDS["en"]) == set(WORDS["es"])
    for key, text in WORDS["en"].items():
        assert text.count("{}") == WORDS["es"][key].count("{}"), key
    for cause, texts in LOSS_CAUSES.items():
        assert all(texts), cause


def test_every_cause_of_the_cases_has_its_words() -> None:
    causes = {one[3] for case in golden.cases() for one in golden.draft_of(case)["losses"]}
    assert causes <= set(LOSS_CAUSES)
