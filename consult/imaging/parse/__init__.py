"""Foreign bytes are read in a process of their own that may do little and not for long.

`Box` is the parent's side: it hands a file over and gets a typed answer or a coded refusal. All
else here runs in the child. The parent looks at four letters of a file and no further.
"""

from consult.imaging.parse.box import Box
from consult.imaging.parse.summary import Measurement, Region, Summary

__all__ = ["Box", "Measurement", "Region", "Summary"]
