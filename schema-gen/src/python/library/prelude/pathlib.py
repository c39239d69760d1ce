from os import path as _path
from _hitchpost import unknown


class PurePath:
    def __init__(self, *parts):
        text = _path.join(*parts) if parts else "."
        root = "/" if text.startswith("/") else ""
        names = [part for part in text.split("/") if part not in ("", ".")]
        self._text = root + "/".join(names) or "."

    def __str__(self):
        return self._text

    def __fspath__(self):
        return self._text

    def as_posix(self):
        return self._text

    def as_uri(self):
        return "file://" + self._text

    def __repr__(self):
        return "PosixPath(" + repr(self._text) + ")"

    def __eq__(self, other):
        return isinstance(other, PurePath) and self._text == other._text

    def __lt__(self, other):
        return self.parts < other.parts

    def __hash__(self):
        return hash(self._text)

    def __truediv__(self, other):
        return type(self)(self._text, other)

    def __rtruediv__(self, other):
        return type(self)(other, self._text)

    def joinpath(self, *others):
        return type(self)(self._text, *others)

    @property
    def parts(self):
        names = [part for part in self._text.split("/") if part not in ("", ".")]
        return tuple((["/"] if self._text.startswith("/") else []) + names)

    @property
    def name(self):
        names = self._text.split("/")
        return "" if self._text in (".", "/") else names[-1]

    @property
    def suffix(self):
        return _path.splitext(self.name)[1]

    @property
    def suffixes(self):
        return ["." + part for part in self.name.lstrip(".").split(".")[1:]]

    @property
    def stem(self):
        return _path.splitext(self.name)[0]

    @property
    def root(self):
        return "/" if self._text.startswith("/") else ""

    anchor = root
    drive = ""

    @property
    def parent(self):
        return type(self)(_path.dirname(self._text) or ".") if self._text != "/" else self

    @property
    def parents(self):
        out = []
        at = self
        while at.parent != at:
            at = at.parent
            out.append(at)
        return out

    def is_absolute(self):
        return self._text.startswith("/")

    def with_name(self, name):
        return self.parent / name

    def with_stem(self, stem):
        return self.parent / (stem + self.suffix)

    def with_suffix(self, suffix):
        return self.parent / (self.stem + suffix)

    def relative_to(self, other):
        other = str(PurePath(other))
        if self._text == other:
            return type(self)(".")
        start = other if other.endswith("/") else other + "/"
        if other != "." and not self._text.startswith(start):
            raise ValueError(repr(self._text) + " is not in the subpath of " + repr(other))
        return self if other == "." else type(self)(self._text[len(start) :])

    def is_relative_to(self, other):
        other = str(PurePath(other))
        return self._text == other or self._text.startswith(other.rstrip("/") + "/")


class Path(PurePath):
    @staticmethod
    def cwd():
        return unknown("the working folder is not known")

    @staticmethod
    def home():
        return Path(_path.expanduser("~"))

    def resolve(self, strict=False):
        return type(self)(_path.abspath(self._text))

    def absolute(self):
        return self if self.is_absolute() else unknown("the working folder is not known")

    def expanduser(self):
        return type(self)(_path.expanduser(self._text))

    def exists(self):
        return unknown("whether a file exists")

    def is_file(self):
        return unknown("whether a file exists")

    def is_dir(self):
        return unknown("whether a folder exists")

    def read_text(self, encoding=None, errors=None):
        return unknown("the text of a file")

    def read_bytes(self):
        return unknown("the bytes of a file")

    def open(self, *args, **kwargs):
        return unknown("a file")

    def iterdir(self):
        return unknown("the files of a folder")

    def glob(self, pattern):
        return unknown("the files of a folder")

    def rglob(self, pattern):
        return unknown("the files of a folder")

    def stat(self):
        return unknown("the state of a file")

    def mkdir(self, mode=0o777, parents=False, exist_ok=False):
        pass

    def touch(self, mode=0o666, exist_ok=True):
        pass

    def unlink(self, missing_ok=False):
        pass

    def write_text(self, data, encoding=None):
        return len(data)

    def chmod(self, mode):
        pass


class PurePosixPath(PurePath):
    pass


class PureWindowsPath(PurePath):
    pass


class PosixPath(Path):
    pass


class WindowsPath(Path):
    pass
