"""Who may call which routes of assessments."""

from typing import Annotated

from litestar.params import Parameter

from kernel.access import roles
from kernel.viewer import CLINICAL_ROLES, Role

SEEING = roles(*CLINICAL_ROLES, Role.COMMISSION, Role.MEDICAL_AFFAIRS)
PLANNING = roles(Role.COMMISSION)
ANSWERING = roles(Role.COORDINATOR, Role.MEDICAL_AFFAIRS)

ItemCode = Annotated[str, Parameter(min_length=1, max_length=64)]
