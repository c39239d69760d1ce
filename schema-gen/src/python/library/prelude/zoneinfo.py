from datetime import timedelta, tzinfo
from _hitchpost import unknown


class ZoneInfo(tzinfo):
    def __init__(self, key):
        self.key = key

    def utcoffset(self, moment):
        if self.key in ("UTC", "Etc/UTC", "GMT", "Etc/GMT", "Zulu"):
            return timedelta(0)
        return unknown("the offset of a time zone")

    def __eq__(self, other):
        return isinstance(other, ZoneInfo) and self.key == other.key

    def __hash__(self):
        return hash(self.key)

    def __str__(self):
        return self.key

    def __repr__(self):
        return "zoneinfo.ZoneInfo(key=" + repr(self.key) + ")"
