"""Zendesk Support and Help Center: reading by the exports, comments and history with as few calls as there can be."""

from deskferry.connectors.kit.contract import Connector, OAuthLogin
from deskferry.connectors.zendesk.api import ZendeskSource
from deskferry.connectors.zendesk.capabilities import CAPABILITIES
from deskferry.connectors.zendesk.read import MAPS
from deskferry.connectors.zendesk.settings import SCOPES, ZendeskSettings, authorize_url, oauth, open_session, site
from deskferry.connectors.zendesk.streams import STREAMS

CONNECTOR = Connector(
    name="zendesk",
    title="Zendesk",
    settings=ZendeskSettings,
    capabilities=CAPABILITIES,
    maps=MAPS,
    streams=STREAMS,
    session=open_session,
    source=ZendeskSource,
    site=site,
    login=OAuthLogin(oauth, authorize_url, SCOPES),
)

__all__ = ["CONNECTOR"]
