from _hitchpost import unknown


class timedelta:
    def __init__(self, days=0, seconds=0, microseconds=0, milliseconds=0, minutes=0, hours=0, weeks=0):
        total = (days + weeks * 7) * 86400 + hours * 3600 + minutes * 60 + seconds
        micros = round(total * 1000000 + milliseconds * 1000 + microseconds)
        self.days = micros // 86400000000
        rest = micros % 86400000000
        self.seconds = rest // 1000000
        self.microseconds = rest % 1000000

    def _micros(self):
        return (self.days * 86400 + self.seconds) * 1000000 + self.microseconds

    def total_seconds(self):
        return self._micros() / 1000000

    def __add__(self, other):
        if isinstance(other, timedelta):
            return timedelta(microseconds=self._micros() + other._micros())
        return NotImplemented

    def __sub__(self, other):
        return timedelta(microseconds=self._micros() - other._micros())

    def __neg__(self):
        return timedelta(microseconds=-self._micros())

    def __mul__(self, factor):
        return timedelta(microseconds=self._micros() * factor)

    __rmul__ = __mul__

    def __truediv__(self, other):
        if isinstance(other, timedelta):
            return self._micros() / other._micros()
        return timedelta(microseconds=self._micros() / other)

    def __floordiv__(self, other):
        if isinstance(other, timedelta):
            return self._micros() // other._micros()
        return timedelta(microseconds=self._micros() // other)

    def __eq__(self, other):
        return isinstance(other, timedelta) and self._micros() == other._micros()

    def __lt__(self, other):
        return self._micros() < other._micros()

    def __le__(self, other):
        return self._micros() <= other._micros()

    def __gt__(self, other):
        return self._micros() > other._micros()

    def __ge__(self, other):
        return self._micros() >= other._micros()

    def __hash__(self):
        return hash(self._micros())

    def __bool__(self):
        return self._micros() != 0

    def __str__(self):
        text = f"{self.seconds // 3600}:{self.seconds // 60 % 60:02d}:{self.seconds % 60:02d}"
        if self.microseconds:
            text += f".{self.microseconds:06d}"
        if self.days:
            text = f"{self.days} day{'' if abs(self.days) == 1 else 's'}, " + text
        return text


class tzinfo:
    pass


class timezone(tzinfo):
    def __init__(self, offset, name=None):
        self._offset = offset
        self._name = name

    def utcoffset(self, moment=None):
        return self._offset

    def __eq__(self, other):
        return isinstance(other, timezone) and self._offset == other._offset

    def __hash__(self):
        return hash(self._offset)

    def __str__(self):
        return self._name or "UTC" + _offset_text(self._offset)

    def __repr__(self):
        return "datetime.timezone.utc"


def _offset_text(offset):
    if offset is None:
        return ""
    if not isinstance(offset, timedelta):
        return unknown("the offset of a time zone")
    minutes = offset._micros() // 60000000
    sign = "-" if minutes < 0 else "+"
    minutes = abs(minutes)
    return f"{sign}{minutes // 60:02d}:{minutes % 60:02d}"


timezone.utc = timezone(timedelta(0), "UTC")
timedelta.resolution = timedelta(microseconds=1)
timedelta.min = timedelta(days=-999999999)
timedelta.max = timedelta(days=999999999, hours=23, minutes=59, seconds=59, microseconds=999999)


class time:
    def __init__(self, hour=0, minute=0, second=0, microsecond=0, tzinfo=None, *, fold=0):
        self.hour = hour
        self.minute = minute
        self.second = second
        self.microsecond = microsecond
        self.tzinfo = tzinfo

    def isoformat(self, timespec="auto"):
        text = f"{self.hour:02d}:{self.minute:02d}:{self.second:02d}"
        if self.microsecond:
            text += f".{self.microsecond:06d}"
        return text + _offset_text(None if self.tzinfo is None else self.tzinfo.utcoffset(None))

    __str__ = isoformat

    def __eq__(self, other):
        return isinstance(other, time) and self.isoformat() == other.isoformat()

    def __lt__(self, other):
        return self.isoformat() < other.isoformat()

    def __hash__(self):
        return hash(self.isoformat())

    @staticmethod
    def fromisoformat(text):
        return datetime.fromisoformat("2000-01-01T" + text).timetz()


class date:
    def __init__(self, year, month, day):
        self.year = year
        self.month = month
        self.day = day

    @staticmethod
    def today():
        return unknown("today")

    @staticmethod
    def fromisoformat(text):
        return date(int(text[:4]), int(text[5:7]), int(text[8:10]))

    @staticmethod
    def fromtimestamp(stamp):
        return unknown("a date of a time stamp")

    def isoformat(self):
        return f"{self.year:04d}-{self.month:02d}-{self.day:02d}"

    def __str__(self):
        return self.isoformat()

    def __repr__(self):
        return f"datetime.date({self.year}, {self.month}, {self.day})"

    def __eq__(self, other):
        return type(self) is type(other) and self.isoformat() == other.isoformat()

    def __lt__(self, other):
        return self.isoformat() < other.isoformat()

    def __le__(self, other):
        return self.isoformat() <= other.isoformat()

    def __gt__(self, other):
        return self.isoformat() > other.isoformat()

    def __ge__(self, other):
        return self.isoformat() >= other.isoformat()

    def __hash__(self):
        return hash(self.isoformat())

    def __add__(self, other):
        return unknown("arithmetic of dates")

    def __sub__(self, other):
        return unknown("arithmetic of dates")

    def replace(self, year=None, month=None, day=None):
        return date(
            self.year if year is None else year,
            self.month if month is None else month,
            self.day if day is None else day,
        )

    def strftime(self, format):
        return unknown("a date as text")

    def timetuple(self):
        return unknown("a date as a tuple")


class datetime(date):
    def __init__(self, year, month, day, hour=0, minute=0, second=0, microsecond=0, tzinfo=None, *, fold=0):
        self.year = year
        self.month = month
        self.day = day
        self.hour = hour
        self.minute = minute
        self.second = second
        self.microsecond = microsecond
        self.tzinfo = tzinfo

    @staticmethod
    def now(tz=None):
        return unknown("now")

    @staticmethod
    def utcnow():
        return unknown("now")

    @staticmethod
    def today():
        return unknown("now")

    @staticmethod
    def fromtimestamp(stamp, tz=None):
        return unknown("a moment of a time stamp")

    @staticmethod
    def utcfromtimestamp(stamp):
        return unknown("a moment of a time stamp")

    @staticmethod
    def strptime(text, format):
        return unknown("a moment of a text")

    @staticmethod
    def combine(day, moment, tzinfo=None):
        return datetime(
            day.year,
            day.month,
            day.day,
            moment.hour,
            moment.minute,
            moment.second,
            moment.microsecond,
            moment.tzinfo if tzinfo is None else tzinfo,
        )

    @staticmethod
    def fromisoformat(text):
        zone = None
        clock = text[11:]
        if clock.endswith("Z"):
            zone = timezone.utc
            clock = clock[:-1]
        for sign in "+-":
            if sign in clock:
                clock, offset = clock.split(sign)
                minutes = int(offset[:2]) * 60 + int(offset[-2:])
                zone = timezone(timedelta(minutes=minutes if sign == "+" else -minutes))
                break
        clock, _, fraction = clock.partition(".")
        numbers = [int(part) for part in clock.split(":")] if clock else []
        numbers += [0] * (3 - len(numbers))
        micros = int((fraction + "000000")[:6]) if fraction else 0
        return datetime(int(text[:4]), int(text[5:7]), int(text[8:10]), *numbers, micros, zone)

    def isoformat(self, sep="T", timespec="auto"):
        text = f"{self.year:04d}-{self.month:02d}-{self.day:02d}{sep}"
        text += f"{self.hour:02d}:{self.minute:02d}:{self.second:02d}"
        if self.microsecond:
            text += f".{self.microsecond:06d}"
        return text + _offset_text(None if self.tzinfo is None else self.tzinfo.utcoffset(self))

    def __str__(self):
        return self.isoformat(" ")

    def __repr__(self):
        return unknown("a moment as code")

    def date(self):
        return date(self.year, self.month, self.day)

    def time(self):
        return time(self.hour, self.minute, self.second, self.microsecond)

    def timetz(self):
        return time(self.hour, self.minute, self.second, self.microsecond, self.tzinfo)

    def replace(self, **changes):
        given = {
            name: getattr(self, name)
            for name in ("year", "month", "day", "hour", "minute", "second", "microsecond", "tzinfo")
        }
        given.update(changes)
        return datetime(**given)

    def astimezone(self, tz=None):
        return unknown("a moment in another time zone")

    def timestamp(self):
        return unknown("a moment as a time stamp")


date.min = date(1, 1, 1)
date.max = date(9999, 12, 31)
datetime.min = datetime(1, 1, 1)
datetime.max = datetime(9999, 12, 31, 23, 59, 59, 999999)
time.min = time()
time.max = time(23, 59, 59, 999999)
