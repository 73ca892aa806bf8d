"""What is said of what stands beside tickets: the help centre and macros."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

CAUSES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "no_help_center": (
            "The account has no help centre, or these credentials may not write it.",
            "La cuenta no tiene centro de ayuda, o estas credenciales no pueden escribirlo.",
        ),
        "hierarchy_flattened": (
            "Sections lie in categories: what lay deeper became a section that names those above it.",
            "Las secciones están en categorías: lo que estaba más hondo pasó a sección que nombra las de encima.",
        ),
        "visibility_narrowed": (
            "The account has no such readers: agents alone may read it, or it is a draft.",
            "La cuenta no tiene esos lectores: solo lo leen los agentes, o es un borrador.",
        ),
        "language_is_the_desks": (
            "The help centre does not have this language; the text stands under its own.",
            "El centro de ayuda no tiene este idioma; el texto está bajo el suyo.",
        ),
        "language_not_written": (
            "The help centre does not have this language.",
            "El centro de ayuda no tiene este idioma.",
        ),
        "author_not_agent": (
            "Only an agent can have written an article; it is under the name of who migrates.",
            "Solo puede haberlo escrito un agente; está a nombre de quien migra.",
        ),
        "macro_without_effect": (
            "Nothing of what it did means anything here: it stays in the inventory.",
            "Nada de lo que hacía significa algo aquí: se queda en el inventario.",
        ),
        "macro_actions_not_written": (
            "These actions name things of the old account; they stay in the inventory.",
            "Estas acciones nombran cosas de la cuenta anterior; se quedan en el inventario.",
        ),
    }
)
"""Causes of losses with their words in English and Spanish."""
