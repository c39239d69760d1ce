from collections import namedtuple

_SAFE = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-~"


def quote(string, safe="/", encoding=None, errors=None):
    out = ""
    for letter in str(string):
        if letter in _SAFE or letter in safe:
            out += letter
        else:
            digits = letter.encode().hex().upper()
            out += "".join("%" + digits[at : at + 2] for at in range(0, len(digits), 2))
    return out


def quote_plus(string, safe="", encoding=None, errors=None):
    return quote(string, safe + " ").replace(" ", "+")


def unquote(string, encoding="utf-8", errors="replace"):
    parts = string.split("%")
    out = parts[0].encode()
    if len(parts) == 1:
        return string
    codes = list(out)
    for part in parts[1:]:
        codes.append(int(part[:2], 16))
        codes.extend(list(part[2:].encode()))
    return bytes(codes).decode()


def unquote_plus(string, encoding="utf-8", errors="replace"):
    return unquote(string.replace("+", " "))


def urlencode(query, doseq=False, safe="", encoding=None, errors=None, quote_via=quote_plus):
    pairs = query.items() if hasattr(query, "items") else query
    out = []
    for key, value in pairs:
        values = value if doseq and isinstance(value, (list, tuple)) else [value]
        out.extend(quote_via(str(key), safe) + "=" + quote_via(str(each), safe) for each in values)
    return "&".join(out)


class _Split:
    @property
    def username(self):
        return self.netloc.rpartition("@")[0].partition(":")[0] or None

    @property
    def password(self):
        return self.netloc.rpartition("@")[0].partition(":")[2] or None

    @property
    def hostname(self):
        host = self.netloc.rpartition("@")[2]
        if host.startswith("["):
            return host[1:].partition("]")[0].lower()
        return host.partition(":")[0].lower() or None

    @property
    def port(self):
        port = self.netloc.rpartition("@")[2].rpartition("]")[2].partition(":")[2]
        return int(port) if port else None

    def geturl(self):
        return urlunparse(self) if len(self) == 6 else urlunsplit(self)


class SplitResult(namedtuple("SplitResult", "scheme netloc path query fragment"), _Split):
    pass


class ParseResult(namedtuple("ParseResult", "scheme netloc path params query fragment"), _Split):
    pass


def urlsplit(url, scheme="", allow_fragments=True):
    url, _, fragment = url.partition("#")
    url, _, query = url.partition("?")
    head, colon, rest = url.partition(":")
    if colon and head[:1].isalpha() and "/" not in head:
        scheme, url = head.lower(), rest
    netloc = ""
    if url.startswith("//"):
        netloc, slash, path = url[2:].partition("/")
        url = slash + path
    return SplitResult(scheme, netloc, url, query, fragment)


def urlparse(url, scheme="", allow_fragments=True):
    parts = urlsplit(url, scheme)
    path, _, params = parts.path.partition(";")
    return ParseResult(parts.scheme, parts.netloc, path, params, parts.query, parts.fragment)


def urlunsplit(parts):
    scheme, netloc, url, query, fragment = parts
    if netloc:
        url = "//" + netloc + ("" if not url or url.startswith("/") else "/") + url
    if scheme:
        url = scheme + ":" + url
    if query:
        url += "?" + query
    if fragment:
        url += "#" + fragment
    return url


def urlunparse(parts):
    scheme, netloc, url, params, query, fragment = parts
    return urlunsplit((scheme, netloc, url + (";" + params if params else ""), query, fragment))


def urljoin(base, url, allow_fragments=True):
    if not base or not url:
        return url or base
    target = urlsplit(url)
    if target.scheme:
        return url
    origin = urlsplit(base)
    if target.netloc:
        return origin.scheme + ":" + url
    path = target.path
    if not path:
        path = origin.path
    elif not path.startswith("/"):
        path = origin.path[: origin.path.rfind("/") + 1] + path
    parts = []
    for part in path.split("/"):
        if part == ".." and len(parts) > 1:
            parts.pop()
        elif part not in (".", ".."):
            parts.append(part)
    if path.endswith(("/.", "/..")):
        parts.append("")
    query = target.query or ("" if target.path else origin.query)
    return urlunsplit((origin.scheme, origin.netloc, "/".join(parts), query, target.fragment))


def parse_qsl(qs, keep_blank_values=False, **kwargs):
    out = []
    for part in qs.split("&"):
        name, _, value = part.partition("=")
        if value or keep_blank_values and part:
            out.append((unquote_plus(name), unquote_plus(value)))
    return out


def parse_qs(qs, keep_blank_values=False, **kwargs):
    out = {}
    for name, value in parse_qsl(qs, keep_blank_values):
        out.setdefault(name, []).append(value)
    return out
