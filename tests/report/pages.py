"""What holds of every page that a report writes: it stands alone, runs nothing, and a screen reader finds its way."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser

_LOADS = (
    "script, iframe, object, embed, img, video, audio, source, base, form, input, button, svg, meta[http-equiv=refresh]"
)


def parsed(path: Path) -> LexborHTMLParser:
    """Return a page, parsed as a browser does."""
    return LexborHTMLParser(path.read_text(encoding="utf-8"))


def check_page(path: Path, language: str, *hosts: str, drawings: bool = False) -> LexborHTMLParser:
    """Check a page, and return it; `hosts` are those that links may lead to; `drawings`: it has some of its own."""
    page = parsed(path)
    assert [one.html for one in page.css(_LOADS) if not (drawings and one.tag == "svg")] == []
    if drawings:
        _check_drawings(page)
    assert [one.attributes for one in page.css("link")] == [{"rel": "icon", "href": "data:,"}]
    handlers = [name for one in page.css("*") for name in one.attributes if name.startswith("on") or name == "srcset"]
    assert handlers == []
    style = " ".join(one.text() for one in page.css("style"))
    assert "url(" not in style
    assert "@import" not in style
    policy = page.css_first("meta[http-equiv='Content-Security-Policy']").attributes["content"] or ""
    assert policy.startswith("default-src 'none'")
    ids = {one.attributes["id"] for one in page.css("[id]")}
    for one in page.css("a"):
        href = one.attributes["href"] or ""
        assert href[1:] in ids if href.startswith("#") else urlsplit(href).hostname in hosts, href
    assert page.css_first("html").attributes["lang"] == language
    assert len(page.css("h1")) == 1
    _check_headings(page)
    assert [one.html for one in page.css("th") if one.attributes.get("scope") not in {"col", "row"}] == []
    return page


def _check_drawings(page: LexborHTMLParser) -> None:
    """Every drawing says what it is, refers to nothing, and its figure says what it counts."""
    assert page.css("svg")
    assert [one.html for one in page.css("svg use, svg image, svg foreignObject, svg animate, svg set, svg a")] == []
    for one in page.css("svg"):
        assert (one.attributes["role"], bool(one.attributes["aria-label"])) == ("img", True)
    for one in page.css("figure"):
        assert len(one.css_first("figcaption").text(strip=True)) > 20


def _check_headings(page: LexborHTMLParser) -> None:
    """No level is skipped on the way down."""
    before = 0
    for one in page.css("h1, h2, h3, h4"):
        level = int(one.tag[1])
        assert level <= before + 1, one.text()
        before = level


def table_after(page: LexborHTMLParser, caption: str) -> list[list[str]]:
    """Return the cells of the table with a caption, row by row, its head first."""
    table = next(one for one in page.css("table") if (found := one.css_first("caption")) and caption in found.text())
    return [[cell.text(strip=True) for cell in row.css("th, td")] for row in table.css("tr")]
