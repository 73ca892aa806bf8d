"""A fake Zendesk: Support and Guide, as their documentation and their users describe them, on the mean side.

desk = ZendeskDesk(generate(seed=7, tickets=200))
with serve(desk) as server: ...
"""

from __future__ import annotations

from deskferry.simulators.zendesk.desk import ZendeskDesk
from deskferry.simulators.zendesk.load import load

__all__ = ["ZendeskDesk", "load"]
