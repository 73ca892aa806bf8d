"""Zendesk Support and Help Center: reading by the exports, comments and history with as few calls as there can be."""

from deskferry.connectors.kit.contract import Connector, OAuthLogin
from deskferry.connectors.zendesk.api import ZendeskSource
from deskferry.connectors.zendesk.capabilities import CAPABILITIES
from deskferry.connectors.zendesk.read import MAPS
from deskferry.connectors.zendesk.settings import (
    ADDRESSES,
    SCOPES,
    ZendeskSettings,
    authorize_url,
    oauth,
    open_session,
    site,
)
from deskferry.connectors.zendesk.streams import STREAMS, WHOLE
from deskferry.connectors.zendesk.words import LOSS_CAUSES
from deskferry.connectors.zendesk.write import ZendeskDestination

CONNECTOR = Connector(
    name="zendesk",
    title="Zendesk",
    settings=ZendeskSettings,
    capabilities=CAPABILITIES,
    maps=MAPS,
    streams=STREAMS,
    session=open_session,
    source=ZendeskSource,
    destination=ZendeskDestination,
    site=site,
    ticket_children=(WHOLE,),
    addresses=ADDRESSES,
    loss_words=LOSS_CAUSES,
    login=OAuthLogin(oauth, authorize_url, SCOPES),
)

__all__ = ["CONNECTOR"]
