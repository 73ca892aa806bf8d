"""The command line: parse, call the library, render. No logic."""

from deskferry.cli import clearing, linking, looking, moving, reading, reporting, simulating, undoing
from deskferry.cli.app import main

__all__ = ["clearing", "linking", "looking", "main", "moving", "reading", "reporting", "simulating", "undoing"]
