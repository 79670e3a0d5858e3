"""Events of AWS that people hear of: which ones, how they read, and the rules that tell them.

The rooms: `table` (the stage's own; start here), `operation` (its rows of releases, images, backups, documents,
secrets), `account` (whosesoever, told by one stage of the account), `rules` (the shape of a row, the construct). What
X-Ray finds is told beside its groups (`trace_groups`).
"""

from .rules import Event, EventRules

__all__ = ["Event", "EventRules"]
