class _Address:
    def __init__(self, address):
        self._text = str(address)

    def __str__(self):
        return self._text

    def __repr__(self):
        return type(self).__name__ + "(" + repr(self._text) + ")"

    def __eq__(self, other):
        return type(self) is type(other) and self._text == other._text

    def __hash__(self):
        return hash(self._text)


class IPv4Address(_Address):
    version = 4


class IPv6Address(_Address):
    version = 6


class IPv4Network(_Address):
    version = 4

    def __init__(self, address, strict=True):
        text = str(address)
        self._text = text if "/" in text else text + "/32"


class IPv6Network(_Address):
    version = 6

    def __init__(self, address, strict=True):
        text = str(address)
        self._text = text if "/" in text else text + "/128"


class IPv4Interface(IPv4Network):
    pass


class IPv6Interface(IPv6Network):
    pass
