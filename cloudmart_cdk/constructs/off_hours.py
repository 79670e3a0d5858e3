"""When a stage sleeps: 20:00 to 08:00 Seoul time and at weekends. Specification section 1.

Nothing of CDK here: the pipeline reads it, too, where CDK's library is not installed.
"""

from typing import Final

ZONE: Final = "Asia/Seoul"
EVENING: Final = 20
MORNING: Final = 8
DAYS: Final = "MON-FRI"
"""Days that have an evening and a morning; a weekend begins with Friday's evening."""
