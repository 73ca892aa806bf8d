"""The law of headers: what was put before a text is taken off again, whatever stands in it."""

from __future__ import annotations

from fd_account import AT
from hypothesis import given
from hypothesis import strategies as st

from deskferry.connectors.freshdesk.header import (
    HeaderFacts,
    author_line,
    isolated,
    mark_text,
    marks_in,
    split_header,
    split_text_header,
    with_header,
    with_text_header,
)
from deskferry.connectors.kit.contract import HeaderSettings

_UGLY = st.one_of(
    st.text(),
    st.text(alphabet="<>&\"'[]{}()#;: \n\r\t\u2028\u200f\u05d0\u0639é😀\x00\x85\xa0"),
    st.sampled_from(["&amp;lt;", "[old:comment:1]", "<script>", "עדה לאבלייס", "a<br>b", "&nbsp", "</div>"]),
)
_MARKS = st.builds(
    "{}:{}:{}".format,
    st.sampled_from(["old", "a-1_b"]),
    st.sampled_from(["comment", "ticket_field"]),
    st.text(min_size=1).filter(lambda text: text.isprintable() or True).map(lambda text: text.replace("\ud800", "x")),
).filter(lambda mark: not any(0xD800 <= ord(character) <= 0xDFFF for character in mark))
_FACTS = st.builds(HeaderFacts, _MARKS, _UGLY)


@given(_FACTS, _UGLY)
def test_html_split_undoes_with(facts: HeaderFacts, body: str) -> None:
    assert split_header(with_header(body, facts)) == (facts, body)


@given(_FACTS, _UGLY)
def test_text_split_undoes_with(facts: HeaderFacts, body: str) -> None:
    found, rest = split_text_header(with_text_header(body, facts))
    assert found == facts
    assert rest == body


@given(_FACTS, st.sampled_from(["old:comment:7", "[old:comment:7] quoted"]))
def test_the_first_mark_is_the_headers(facts: HeaderFacts, body: str) -> None:
    assert marks_in(with_header(body, facts))[0] == facts.mark


def test_a_sanitizer_that_wraps_and_decorates_is_survived() -> None:
    facts = HeaderFacts("old:comment:123#2", "Ann & Co · 2025-03-01 09:00 UTC\nNumber: 42")
    written = with_header("<p>Hi</p>", facts)
    decorated = (
        '<div class="x">\n' + written.replace("<div>", '<div dir="ltr">', 1).replace("<br>", "<br />") + "</div>"
    )
    found, rest = split_header(decorated)
    assert found == facts
    assert "<p>Hi</p>" in rest


def test_a_flattened_text_is_split_too() -> None:
    found, rest = split_text_header("Ann · 2025-03-01 09:00 UTC [old:comment:123] Hi there")
    assert found == HeaderFacts("old:comment:123", "Ann · 2025-03-01 09:00 UTC")
    assert rest == "Hi there"


def test_texts_of_others_have_no_header() -> None:
    assert split_header("<div>[1] footnote</div>") == (None, "<div>[1] footnote</div>")
    assert split_text_header("see [1]") == (None, "see [1]")


def test_marks_are_ascii_without_blanks() -> None:
    assert mark_text("old:comment:a b]é") == "[old:comment:a%20b%5D%C3%A9]"


def test_the_line_follows_form_language_and_zone() -> None:
    settings = HeaderSettings("{author} <{email}> ({visibility}) {time}", "es", "Europe/Madrid", "%d.%m.%Y %H:%M")
    row = {"created_at": AT, "is_public": False}
    assert author_line(settings, "Ann", "ann@x.org", row) == "Ann <ann@x.org> (privado) 01.03.2025 10:00"
    assert "fecha desconocida" in author_line(settings, "Ann", None, {})


def test_names_from_right_to_left_are_isolated() -> None:
    assert isolated("Ann") == "Ann"
    assert isolated("עדה") == "\u2068עדה\u2069"
