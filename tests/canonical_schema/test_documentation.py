"""The reference: in step, and complete."""

from pathlib import Path

from deskferry.canonical_schema import TABLES, column_names
from deskferry.canonical_schema.documentation import documentation, main
from deskferry.canonical_schema.statuses import STATUSES

REFERENCE = Path(__file__).parents[2] / "docs" / "canonical-schema.md"


def test_the_reference_is_in_step(tmp_path: Path) -> None:
    main([str(tmp_path / "reference.md")])
    assert (tmp_path / "reference.md").read_text(encoding="utf-8") == REFERENCE.read_text(encoding="utf-8"), (
        "run: python -m deskferry.canonical_schema.documentation"
    )


def test_every_column_has_its_row_in_its_section() -> None:
    sections = dict(part.split("\n", 1) for part in documentation().split("\n## ")[1:])
    common = sections["Columns of every table"]
    for kind in TABLES:
        for name in column_names(kind):
            assert f"| `{name}` |" in sections[kind] + common, f"{kind}.{name}"


def test_the_crosswalk_is_published() -> None:
    text = documentation()
    for row in STATUSES:
        assert f"| {row.vendor} | `{row.code}` |" in text


def test_tables_are_well_formed() -> None:
    header = 0
    for line in documentation().splitlines():
        cells = line.count("|")
        if not line.startswith("|"):
            header = 0
        elif not header:
            header = cells
        else:
            assert cells == header, line
