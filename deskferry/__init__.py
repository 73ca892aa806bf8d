"""deskferry: move help desk data between platforms, keep a normalized copy, prove that nothing was lost."""

__version__ = "0.1.0"
