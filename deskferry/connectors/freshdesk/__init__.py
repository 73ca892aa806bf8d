"""Freshdesk: reading and writing by the public REST API v2."""

from deskferry.connectors.freshdesk.api import FreshdeskSource
from deskferry.connectors.freshdesk.capabilities import CAPABILITIES
from deskferry.connectors.freshdesk.read import MAPS
from deskferry.connectors.freshdesk.settings import ADDRESSES, FreshdeskSettings, open_session, site
from deskferry.connectors.freshdesk.streams import STREAMS
from deskferry.connectors.freshdesk.words import LOSS_CAUSES
from deskferry.connectors.freshdesk.write import FreshdeskDestination
from deskferry.connectors.kit.contract import Connector

CONNECTOR = Connector(
    name="freshdesk",
    title="Freshdesk",
    settings=FreshdeskSettings,
    capabilities=CAPABILITIES,
    maps=MAPS,
    streams=STREAMS,
    session=open_session,
    source=FreshdeskSource,
    destination=FreshdeskDestination,
    site=site,
    addresses=ADDRESSES,
    ticket_children=("whole_tickets",),
    loss_words=LOSS_CAUSES,
)

__all__ = ["CONNECTOR"]
