"""Who reads indicators: pages, files, closed periods and what is written beside charts.

医务科 is a house's own office of quality: it reads the numbers of its house, and which cases behind
them it may open is the cases' own rule (server/migrations, 0078).
"""

from typing import Final

from kernel.access import Access, roles
from kernel.viewer import CLINICAL_ROLES, Role

READERS: Final = CLINICAL_ROLES | {Role.COMMISSION, Role.AUDITOR, Role.MEDICAL_AFFAIRS}
NUMBERS: Final[Access] = roles(*READERS)
HANDBOOK: Final[Access] = roles(*READERS, Role.SYSTEM_ADMIN)
"""What the numbers mean is read by who enters it, too."""
