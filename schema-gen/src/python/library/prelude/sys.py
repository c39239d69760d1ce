from collections import namedtuple
from _hitchpost import python_version

_VersionInfo = namedtuple("version_info", "major minor micro releaselevel serial")
_major, _minor = python_version()
version_info = _VersionInfo(_major, _minor, 0, "final", 0)
