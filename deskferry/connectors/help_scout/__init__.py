"""Help Scout: reading by the Inbox API v2 and the Docs API v1."""

from deskferry.connectors.help_scout.api import HelpScoutSource
from deskferry.connectors.help_scout.capabilities import CAPABILITIES
from deskferry.connectors.help_scout.read import MAPS
from deskferry.connectors.help_scout.settings import ADDRESSES, HelpScoutSettings, open_session, site
from deskferry.connectors.help_scout.streams import STREAMS, WHOLE
from deskferry.connectors.kit.contract import Connector

CONNECTOR = Connector(
    name="help_scout",
    title="Help Scout",
    settings=HelpScoutSettings,
    capabilities=CAPABILITIES,
    maps=MAPS,
    streams=STREAMS,
    session=open_session,
    source=HelpScoutSource,
    site=site,
    addresses=ADDRESSES,
    ticket_children=(WHOLE,),
)

__all__ = ["CONNECTOR"]
