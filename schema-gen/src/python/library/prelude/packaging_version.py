class InvalidVersion(ValueError):
    pass


class Version:
    def __init__(self, version):
        self._text = str(version).strip()
        public = self._text.lower().removeprefix("v").split("+")[0]
        numbers = []
        rest = ""
        for part in public.split("."):
            digits = ""
            while part and part[0].isdigit():
                digits += part[0]
                part = part[1:]
            if not digits:
                rest = part
                break
            numbers.append(int(digits))
            if part:
                rest = part
                break
        if not numbers:
            raise InvalidVersion("Invalid version: " + repr(version))
        self.release = tuple(numbers)
        self.is_prerelease = rest.strip("-_.").startswith(("a", "b", "rc", "c", "dev"))
        self._rest = rest

    @property
    def major(self):
        return (self.release + (0, 0, 0))[0]

    @property
    def minor(self):
        return (self.release + (0, 0, 0))[1]

    @property
    def micro(self):
        return (self.release + (0, 0, 0))[2]

    @property
    def _key(self):
        numbers = list(self.release)
        while numbers and numbers[-1] == 0:
            numbers.pop()
        return (tuple(numbers), 0 if self.is_prerelease else 1, self._rest)

    def __str__(self):
        return self._text

    def __eq__(self, other):
        return self._key == other._key

    def __lt__(self, other):
        return self._key < other._key

    def __le__(self, other):
        return self._key <= other._key

    def __gt__(self, other):
        return self._key > other._key

    def __ge__(self, other):
        return self._key >= other._key


def parse(version):
    return Version(version)
