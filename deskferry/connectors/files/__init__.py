"""Files that a user brings: CSV, NDJSON and Parquet with a layout, and the folder that `deskferry export` writes."""

from deskferry.connectors.files.capabilities import CAPABILITIES
from deskferry.connectors.files.settings import FilesSettings, configured, open_session, open_source
from deskferry.connectors.kit.contract import Connector

CONNECTOR = Connector(
    name="files",
    title="Files (CSV, NDJSON, Parquet)",
    settings=FilesSettings,
    capabilities=CAPABILITIES,
    maps={},
    streams=(),
    session=open_session,
    source=open_source,
    site=lambda _connection: "",
    configured=configured,
)

__all__ = ["CONNECTOR"]
