"""The computed part of each vendor's page: `python -m deskferry.connectors.documentation` rewrites it.

What a connector can, its streams, and where each canonical field comes from are read off the connector itself. They
stand in `docs/vendors/<vendor>.md` between two marks; a page without the marks is left alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from deskferry.connectors.kit.contract import Connector
from deskferry.connectors.kit.mapping import Const, Map, ObjectMap, Table
from deskferry.connectors.registry import connectors

BEGIN, END = "<!-- computed: make docs -->", "<!-- end of what is computed -->"
_PAGES = Path(__file__).parents[2] / "docs" / "vendors"


def computed(connector: Connector) -> str:
    """Return the matrix, the streams and the field tables of a connector as Markdown."""
    return "\n".join([*_matrix(connector), "", *_streams(connector), "", *_fields(connector)]).rstrip()


def _row(*cells: object) -> str:
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"


def _header(*names: str) -> list[str]:
    return [_row(*names), "|" + "---|" * len(names)]


def _matrix(connector: Connector) -> Iterator[str]:
    yield from ("## What it can", "")
    capabilities = connector.capabilities
    yield from _header("kind", "reading", "writing")
    for kind, both in capabilities.kinds.items():
        yield _row(kind, both.read, both.write)
    yield _row("all others", capabilities.rest.read, capabilities.rest.write)
    if capabilities.plan_gated:
        yield from ("", *_header("list", "needs"))
        for what, needs in capabilities.plan_gated.items():
            yield _row(f"`{what}`", needs)


def _streams(connector: Connector) -> Iterator[str]:
    yield from ("## Streams, in this order", "", *_header("stream", "path", "how", "feeds", "to know"))
    for stream in connector.streams:
        yield _row(stream.name, f"`{stream.path}`", stream.mode.value, ", ".join(stream.kinds), stream.note)


def _fields(connector: Connector) -> Iterator[str]:
    yield from (
        "## Where each field comes from",
        "",
        "Paths are those of the vendor's JSON; `.` is the whole record, `^` begins at the record that an item lies in.",
    )
    for object_map in connector.maps.values():
        yield from ("", f"### {object_map.object}", "", *_header("field", "path", "converter"))
        for table in object_map.tables:
            for row in table.rows:
                yield _row(f"{table.kind}.{row.to}", *_origin(table, row))
        yield from _aside(object_map)


def _origin(table: Table, row: Map) -> tuple[str, str]:
    if isinstance(row.via, Const):
        return "", f"always {row.via.value}"
    each = table.each if isinstance(table.each, str) else getattr(table.each, "__name__", "") if table.each else ""
    inside = f"{each}[]" if each and not row.path.startswith("^") else ""
    path = ".".join(part for part in (inside, row.path if row.path != "." or not inside else "") if part)
    return f"`{path}`", "" if row.via is None else getattr(row.via, "__name__", str(row.via))


def _aside(object_map: ObjectMap) -> Iterator[str]:
    for title, listed in (("Kept in `extra`", object_map.kept), ("Left aside", object_map.ignored)):
        if listed:
            yield from ("", f"{title}: " + "; ".join(f"`{path}` ({why})" for path, why in listed.items()) + ".")
    if object_map.volatile:
        yield from ("", "Moves without a change: " + ", ".join(f"`{path}`" for path in object_map.volatile) + ".")


def rewritten(page: str, connector: Connector) -> str:
    """Return a page with its computed part as it must be; a page without the marks as it is."""
    before, begin, rest = page.partition(BEGIN)
    _old, end, after = rest.partition(END)
    if not begin or not end:
        return page
    return f"{before}{BEGIN}\n\n{computed(connector)}\n\n{END}{after}"


def page_of(connector: Connector) -> Path:
    """Return where the page of a vendor lies in the repository."""
    return _PAGES / f"{connector.name}.md"


def main() -> None:
    """Rewrite the computed part of every page."""
    for connector in connectors():
        path = page_of(connector)
        if path.exists():
            page = path.read_text(encoding="utf-8")
            path.write_text(rewritten(page, connector), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
