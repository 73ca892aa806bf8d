"""Pages that stand alone: one layout, one style and one set of parts for every report."""

from deskferry.report.page.render import render

__all__ = ["render"]
