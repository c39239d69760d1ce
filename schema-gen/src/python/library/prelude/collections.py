class OrderedDict(dict):
    def __repr__(self):
        return "OrderedDict(" + repr(dict(self)) + ")"


class defaultdict(dict):
    def __init__(self, default_factory=None, /, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.default_factory = default_factory

    def __missing__(self, key):
        if self.default_factory is None:
            raise KeyError(key)
        value = self.default_factory()
        self[key] = value
        return value

    def __getitem__(self, key):
        if key in self:
            return dict.__getitem__(self, key)
        return self.__missing__(key)

    def copy(self):
        return defaultdict(self.default_factory, self)


class Counter(dict):
    def __init__(self, iterable=None, /, **kwargs):
        super().__init__()
        self.update(iterable, **kwargs)

    def __getitem__(self, key):
        return dict.get(self, key, 0)

    def update(self, iterable=None, /, **kwargs):
        if isinstance(iterable, dict):
            for key, count in iterable.items():
                self[key] = self[key] + count
        elif iterable is not None:
            for key in iterable:
                self[key] = self[key] + 1
        for key, count in kwargs.items():
            self[key] = self[key] + count

    def most_common(self, n=None):
        items = sorted(self.items(), key=lambda item: item[1], reverse=True)
        return items if n is None else items[:n]

    def elements(self):
        return [key for key, count in self.items() for _ in range(count)]

    def total(self):
        return sum(self.values())


class deque(list):
    def __init__(self, iterable=(), maxlen=None):
        super().__init__(iterable)
        self.maxlen = maxlen
        self._trim()

    def _trim(self):
        while self.maxlen is not None and len(self) > self.maxlen:
            list.pop(self, 0)

    def append(self, value):
        list.append(self, value)
        self._trim()

    def appendleft(self, value):
        list.insert(self, 0, value)
        while self.maxlen is not None and len(self) > self.maxlen:
            list.pop(self)

    def extend(self, values):
        list.extend(self, values)
        self._trim()

    def extendleft(self, values):
        for value in values:
            self.appendleft(value)

    def pop(self):
        return list.pop(self)

    def popleft(self):
        return list.pop(self, 0)


class ChainMap:
    def __init__(self, *maps):
        self.maps = list(maps) or [{}]

    def __getitem__(self, key):
        for map in self.maps:
            if key in map:
                return map[key]
        raise KeyError(key)

    def __setitem__(self, key, value):
        self.maps[0][key] = value

    def __contains__(self, key):
        return any(key in map for map in self.maps)

    def __len__(self):
        return len(self.keys())

    def __iter__(self):
        return iter(self.keys())

    def get(self, key, default=None):
        return self[key] if key in self else default

    def keys(self):
        merged = {}
        for map in reversed(self.maps):
            merged.update(map)
        return list(merged)

    def values(self):
        return [self[key] for key in self.keys()]

    def items(self):
        return [(key, self[key]) for key in self.keys()]

    def new_child(self, m=None):
        return ChainMap({} if m is None else m, *self.maps)
