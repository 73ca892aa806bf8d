"""The command line: parse, call the library, render. No logic."""

from deskferry.cli import clearing, linking, looking, measuring, moving, reading, reporting, simulating, undoing
from deskferry.cli.app import main

__all__ = [
    "clearing",
    "linking",
    "looking",
    "main",
    "measuring",
    "moving",
    "reading",
    "reporting",
    "simulating",
    "undoing",
]
