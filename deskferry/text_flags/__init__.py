"""What is wrong with a text, as flags: counted and located when its record is written, the text itself never kept.

Rules on texts would read every body again; they read the column `text_flags` instead. Most texts are clean, and one
pass of a linear-time engine over all patterns says so; only what it suspects is judged, flag by flag.
"""

from deskferry.text_flags.flags import Flag
from deskferry.text_flags.reading import Reading, scan
from deskferry.text_flags.records import FLAGGED_KINDS, flagged, flags_of

__all__ = ["FLAGGED_KINDS", "Flag", "Reading", "flagged", "flags_of", "scan"]
