from _hitchpost import regex_find, regex_groups


class Match:
    def __init__(self, pattern, string, spans):
        self.re = pattern
        self.string = string
        self._spans = spans
        self.lastindex = None
        for at in range(1, len(spans)):
            if spans[at] is not None:
                self.lastindex = at

    def _index(self, group):
        return self.re.groupindex[group] if isinstance(group, str) else group

    def _text(self, group, default=None):
        span = self._spans[self._index(group)]
        return default if span is None else self.string[span[0] : span[1]]

    def group(self, *groups):
        if not groups:
            return self._text(0)
        if len(groups) == 1:
            return self._text(groups[0])
        return tuple(self._text(group) for group in groups)

    def __getitem__(self, group):
        return self._text(group)

    def __bool__(self):
        return True

    def groups(self, default=None):
        return tuple(self._text(at, default) for at in range(1, len(self._spans)))

    def groupdict(self, default=None):
        return {name: self._text(name, default) for name in self.re.groupindex}

    def start(self, group=0):
        span = self._spans[self._index(group)]
        return -1 if span is None else span[0]

    def end(self, group=0):
        span = self._spans[self._index(group)]
        return -1 if span is None else span[1]

    def span(self, group=0):
        return (self.start(group), self.end(group))

    def expand(self, template):
        return _expand(self, template)


def _expand(match, template):
    if "\\" not in template:
        return template
    out = ""
    at = 0
    while at < len(template):
        if template[at] != "\\" or at + 1 == len(template):
            out += template[at]
            at += 1
            continue
        letter = template[at + 1]
        at += 2
        if letter == "g" and template[at : at + 1] == "<":
            end = template.index(">", at)
            name = template[at + 1 : end]
            out += match._text(int(name) if name.isdigit() else name, "")
            at = end + 1
        elif letter.isdigit():
            digits = letter
            if letter != "0" and template[at : at + 1].isdigit():
                digits += template[at]
                at += 1
            out += match._text(int(digits), "")
        elif letter == "n":
            out += "\n"
        elif letter == "t":
            out += "\t"
        elif letter == "r":
            out += "\r"
        elif letter == "\\":
            out += "\\"
        else:
            out += "\\" + letter
    return out


class Pattern:
    def __init__(self, pattern, flags=0):
        self.pattern = pattern
        self.flags = flags

    @property
    def groupindex(self):
        return regex_groups(self.pattern, self.flags)

    def __eq__(self, other):
        return isinstance(other, Pattern) and self.pattern == other.pattern and self.flags == other.flags

    def __repr__(self):
        return "re.compile(" + repr(self.pattern) + ")"

    def search(self, string, pos=0, endpos=None):
        spans = regex_find(self.pattern, self.flags, string if endpos is None else string[:endpos], pos)
        return None if spans is None else Match(self, string, spans)

    def match(self, string, pos=0, endpos=None):
        found = Pattern("\\A(?:" + self.pattern + ")", self.flags).search(string[pos:], 0, endpos)
        return None if found is None else Match(self, string, found._spans)

    def fullmatch(self, string, pos=0, endpos=None):
        found = Pattern("\\A(?:" + self.pattern + ")\\Z", self.flags).search(string, pos, endpos)
        return None if found is None else Match(self, string, found._spans)

    def finditer(self, string, pos=0, endpos=None):
        out = []
        while pos <= len(string):
            found = self.search(string, pos, endpos)
            if found is None:
                break
            out.append(found)
            start, end = found.span()
            pos = end + 1 if start == end else end
        return iter(out)

    def findall(self, string, pos=0, endpos=None):
        out = []
        for found in self.finditer(string, pos, endpos):
            groups = found.groups("")
            out.append(found.group() if not groups else groups[0] if len(groups) == 1 else groups)
        return out

    def subn(self, repl, string, count=0):
        out = ""
        at = 0
        done = 0
        for found in self.finditer(string):
            if count and done == count:
                break
            out += string[at : found.start()]
            out += repl(found) if callable(repl) else _expand(found, repl)
            at = found.end()
            done += 1
        return (out + string[at:], done)

    def sub(self, repl, string, count=0):
        return self.subn(repl, string, count)[0]

    def split(self, string, maxsplit=0):
        out = []
        at = 0
        for found in self.finditer(string):
            if maxsplit and len(out) == maxsplit:
                break
            out.append(string[at : found.start()])
            out.extend(found.groups())
            at = found.end()
        out.append(string[at:])
        return out


def compile(pattern, flags=0):
    return pattern if isinstance(pattern, Pattern) else Pattern(pattern, flags)


def search(pattern, string, flags=0):
    return compile(pattern, flags).search(string)


def match(pattern, string, flags=0):
    return compile(pattern, flags).match(string)


def fullmatch(pattern, string, flags=0):
    return compile(pattern, flags).fullmatch(string)


def finditer(pattern, string, flags=0):
    return compile(pattern, flags).finditer(string)


def findall(pattern, string, flags=0):
    return compile(pattern, flags).findall(string)


def sub(pattern, repl, string, count=0, flags=0):
    return compile(pattern, flags).sub(repl, string, count)


def subn(pattern, repl, string, count=0, flags=0):
    return compile(pattern, flags).subn(repl, string, count)


def split(pattern, string, maxsplit=0, flags=0):
    return compile(pattern, flags).split(string, maxsplit)
