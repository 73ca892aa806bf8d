"""The command line: parse, call the library, render. No logic."""

from deskferry.cli.app import main

__all__ = ["main"]
