"""`python -m deskferry`."""

from deskferry.cli import main

main()
