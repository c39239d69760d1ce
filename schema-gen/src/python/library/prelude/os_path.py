from os import environ, fspath
from _hitchpost import unknown

sep = "/"
pardir = ".."


def join(path, *paths):
    path = fspath(path)
    for part in paths:
        part = fspath(part)
        if part.startswith("/") or not path:
            path = part
        elif path.endswith("/"):
            path += part
        else:
            path += "/" + part
    return path


def split(path):
    path = fspath(path)
    at = path.rfind("/") + 1
    head = path[:at]
    return (head.rstrip("/") or head, path[at:])


def basename(path):
    return split(path)[1]


def dirname(path):
    return split(path)[0]


def splitext(path):
    path = fspath(path)
    name = path[path.rfind("/") + 1 :]
    at = name.rfind(".")
    if at <= 0 or not name[:at].strip("."):
        return (path, "")
    cut = len(path) - len(name) + at
    return (path[:cut], path[cut:])


def isabs(path):
    return fspath(path).startswith("/")


def normpath(path):
    path = fspath(path)
    root = "/" if path.startswith("/") else ""
    parts = []
    for part in path.split("/"):
        if part in ("", "."):
            continue
        if part == ".." and parts and parts[-1] != "..":
            parts.pop()
        elif part != ".." or not root:
            parts.append(part)
    return root + "/".join(parts) or "."


def abspath(path):
    path = normpath(path)
    return path if path.startswith("/") else unknown("the working folder is not known")


def realpath(path, strict=False):
    return abspath(path)


def normcase(path):
    return path


def expandvars(path):
    if "$" not in path:
        return path
    return unknown("a path with variables")


def expanduser(path):
    path = fspath(path)
    if not path.startswith("~"):
        return path
    if "HOME" in environ and (path == "~" or path.startswith("~/")):
        return environ["HOME"] + path[1:]
    return unknown("the home folder is not known")


def commonprefix(paths):
    paths = list(paths)
    if not paths:
        return ""
    low, high = min(paths), max(paths)
    for at, letter in enumerate(low):
        if letter != high[at]:
            return low[:at]
    return low


def exists(path):
    return unknown("whether a file exists")


def isfile(path):
    return unknown("whether a file exists")


def isdir(path):
    return unknown("whether a folder exists")


def getsize(path):
    return unknown("the size of a file")


def relpath(path, start=None):
    if start is None:
        return unknown("the working folder is not known")
    wanted = [part for part in normpath(path).split("/") if part]
    given = [part for part in normpath(start).split("/") if part]
    while wanted and given and wanted[0] == given[0]:
        wanted.pop(0)
        given.pop(0)
    return "/".join([".."] * len(given) + wanted) or "."
