class chain:
    def __init__(self, *iterables):
        self._items = [item for iterable in iterables for item in iterable]

    def __iter__(self):
        return iter(self._items)

    @classmethod
    def from_iterable(cls, iterables):
        return chain(*iterables)


def accumulate(iterable, func=None, *, initial=None):
    out = []
    total = initial
    for item in ([] if initial is None else [initial]) + list(iterable):
        if not out:
            total = item
        else:
            total = total + item if func is None else func(total, item)
        out.append(total)
    return iter(out)


def batched(iterable, n):
    items = list(iterable)
    return iter([tuple(items[at : at + n]) for at in range(0, len(items), n)])


def combinations(iterable, r):
    items = list(iterable)
    if r == 0:
        return iter([()])
    return iter([(item, *rest) for at, item in enumerate(items) for rest in combinations(items[at + 1 :], r - 1)])


def permutations(iterable, r=None):
    items = list(iterable)
    r = len(items) if r is None else r
    if r == 0:
        return iter([()])
    return iter(
        [(item, *rest) for at, item in enumerate(items) for rest in permutations(items[:at] + items[at + 1 :], r - 1)]
    )


def compress(data, selectors):
    return iter([item for item, flag in zip(data, selectors) if flag])


def dropwhile(predicate, iterable):
    items = list(iterable)
    while items and predicate(items[0]):
        items.pop(0)
    return iter(items)


def takewhile(predicate, iterable):
    out = []
    for item in iterable:
        if not predicate(item):
            break
        out.append(item)
    return iter(out)


def filterfalse(predicate, iterable):
    return iter([item for item in iterable if not (item if predicate is None else predicate(item))])


def groupby(iterable, key=None):
    out = []
    for item in iterable:
        mark = item if key is None else key(item)
        if out and out[-1][0] == mark:
            out[-1][1].append(item)
        else:
            out.append((mark, [item]))
    return iter(out)


def islice(iterable, *args):
    return iter(list(iterable)[slice(*args)])


def pairwise(iterable):
    items = list(iterable)
    return iter(list(zip(items, items[1:])))


def product(*iterables, repeat=1):
    out = [()]
    for pool in [list(iterable) for iterable in iterables] * repeat:
        out = [(*row, item) for row in out for item in pool]
    return iter(out)


def repeat(object, times):
    return iter([object for _ in range(times)])


def starmap(function, iterable):
    return iter([function(*args) for args in iterable])


def tee(iterable, n=2):
    items = list(iterable)
    return tuple(iter(items) for _ in range(n))


def zip_longest(*iterables, fillvalue=None):
    columns = [list(iterable) for iterable in iterables]
    length = max([len(column) for column in columns], default=0)
    return iter(
        [tuple(column[at] if at < len(column) else fillvalue for column in columns) for at in range(length)]
    )
