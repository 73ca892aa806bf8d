"""Long texts in pieces: nothing is cut away, nothing exceeds the limit, tags are closed."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from deskferry.connectors.kit.converters import html_to_text
from deskferry.connectors.kit.pieces import in_pieces, without_placeholders

_WORDS = st.text(
    alphabet=st.characters(codec="utf-8", exclude_characters="<>&", exclude_categories=("Cs", "Cc")), min_size=1
)
_BODY = st.recursive(
    _WORDS,
    lambda inner: st.builds(
        lambda tag, parts: f"<{tag}>{''.join(parts)}</{tag}>",
        st.sampled_from(["div", "p", "b", "blockquote"]),
        st.lists(inner, min_size=1, max_size=6),
    ),
    max_leaves=20,
)


def _visible(body: str) -> str:
    return re.sub(r"<[^>]*>", "", body)


@given(_BODY, st.integers(400, 2000))
def test_no_text_is_lost_and_no_piece_is_too_long(body: str, limit: int) -> None:
    pieces = in_pieces(body, limit)
    assert "".join(_visible(piece) for piece in pieces) == _visible(body)
    assert all(len(piece.encode()) <= limit for piece in pieces)
    for piece in pieces:
        for tag in ("div", "p", "b", "blockquote"):
            assert piece.count(f"<{tag}>") == piece.count(f"</{tag}>")


def test_one_long_line_and_entities_are_cut_between_characters() -> None:
    body = "é" * 3000 + "&amp;" * 300
    pieces = in_pieces(body, 500)
    assert "".join(pieces) == body
    assert all(not re.search(r"&[a-z]*$", piece) for piece in pieces)


def test_a_picture_inside_its_own_tag_does_not_block_the_way() -> None:
    pieces = in_pieces(f'<p>a <img src="data:image/png;base64,{"A" * 5000}"> b</p>' + "x " * 400, 1000)
    assert all(len(piece.encode()) <= 1000 for piece in pieces)
    assert "a <img> b" in pieces[0]


def test_stray_signs_are_text() -> None:
    assert html_to_text("".join(in_pieces("1 < 2 " * 200, 300))) == ("1 < 2 " * 200).strip()


def test_placeholders_are_taken_off_for_comparing() -> None:
    assert without_placeholders("See [image: a.png] and [imagen: b] here [1]") == "See  and  here [1]"
