"""The scanner takes any text, in time that grows with its length only."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deskferry.text_flags import Flag, Reading, scan
from deskferry.text_flags.shape import message_flags

PIECES = (
    "4111 1111 1111 1111", "password: ", "ES91 2100", "12345678Z", "{{ticket.", "<p ", "&#", "Ã", "â€", "\x00",
    "\ud800", "\ufffd", "-----BEGIN ", "eyJ", "> ", "\n", "On a wrote:", "РџС", "😀",
)  # fmt: skip


@settings(deadline=None)
@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(st.characters(), max_size=12))).map("".join))
def test_no_text_is_too_odd(text: str) -> None:
    for reading in Reading:
        found = scan(text, reading)
        assert found is None or all(count > 0 for count in found.values())
    message_flags(text, text)


@settings(deadline=None)
@given(st.text(st.characters(blacklist_categories=("Cs",))), st.sampled_from(("4111 1111 1111 1111", "EspaÃ±a")))
def test_what_surrounds_a_finding_on_its_own_line_does_not_hide_it(around: str, finding: str) -> None:
    assert scan(f"{around}\n\n{finding}\n\n{around}") is not None


ENDLESS = (
    "1", "(", "Ã", "Ã ", "4111 ", "4111 1111 1111 1111 ", "ES91 2100 0418 ", "password: ", "password:", "<p ", "<p>",
    "<", "&#1", "&", "{{ticket.", "{{ticket|", "{%customer.a",
    "eyJ", "eyJaaaaaaaa.", "eyJaaaaaaaa.eyJ", "-----BEGIN ", "A",
    "AKIA",
    "1.", "1-", "123-45-", "X1234567", "РџР", "é“”", "ghp_a", "xoxb-1", " ", "\n", "> ", ">\n", "-", "a", "pass ",
)  # fmt: skip


@pytest.mark.parametrize("piece", ENDLESS)
def test_time_grows_no_faster_than_the_text(piece: str) -> None:
    def seconds(size: int) -> float:
        text = (piece * size)[:size]
        begun = time.process_time()
        for reading in (Reading.PLAIN, Reading.MARKUP):
            scan(text, reading)
        message_flags(text, None)
        message_flags(None, text)
        return time.process_time() - begun

    long = min(seconds(80_000) for _again in range(2))
    assert long < 0.01 + 24 * max(min(seconds(10_000) for _again in range(3)), 0.0005), "quadratic would be 64"


def test_a_message_as_a_whole() -> None:
    def flags(body_text: str | None, body_html: str | None = None) -> tuple[Flag, ...]:
        return message_flags(body_text, body_html)

    blank = (Flag.BLANK,)
    assert (
        flags(None)
        == flags("")
        == flags(" \n\t\u200b")
        == flags(None, "<p>&nbsp;<br></p>")
        == flags("", "<div/>")
        == blank
    )
    assert flags(None, "<p>a</p>") == flags("a") == flags(None, '<p><img src="x"></p>') == flags("-") == ()
    quoted = (Flag.QUOTED_ONLY,)
    assert flags("> a\n> b") == flags("\n> a\n\n>> b\n") == quoted
    assert flags("On Mon, Jan 1, 2026, Ann wrote:\n> a") == flags("El lun, 1 ene, Ana escribió:\n\n> a\n> b") == quoted
    assert flags("-----Original Message-----\nFrom: Ann\n\nHello") == quoted
    for text in ("a\n> b", "> a\nb", "On Monday I wrote: it works", "On Mon Ann wrote:\nnothing", ">", "-- \nAnn"):
        assert flags(text) == (quoted if text == ">" else ())
    for size in (65_535, 65_536):
        assert flags("a" * size) == (Flag.CUT_OFF,)
    assert flags("é" * 32_767 + "a") == (Flag.CUT_OFF,), "65,535 bytes of UTF-8"
    for size in (65_534, 65_537, 32_767):
        assert flags("a" * size) == ()
