"""Texts as the vendor takes them; the work is the kit's."""

from deskferry.connectors.kit.pieces import as_html, in_pieces, placeholder, without_images, without_placeholders

__all__ = ["as_html", "in_pieces", "placeholder", "without_images", "without_placeholders"]
