"""The command line: parse, call the library, render. No logic."""

from deskferry.cli import clearing, looking, moving, reading, simulating, undoing
from deskferry.cli.app import main

__all__ = ["clearing", "looking", "main", "moving", "reading", "simulating", "undoing"]
