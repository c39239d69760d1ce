from _hitchpost import exact, unknown


class Decimal:
    def __init__(self, value="0", context=None):
        if isinstance(value, Decimal):
            self._text = value._text
        elif isinstance(value, int):
            self._text = str(value)
        elif isinstance(value, str):
            self._text = value.strip().replace("_", "")
            float(self._text)
        else:
            self._text = exact(value)

    def __str__(self):
        return self._text

    def __repr__(self):
        return "Decimal('" + self._text + "')"

    def __float__(self):
        return float(self._text)

    def __int__(self):
        return int(float(self._text))

    def __bool__(self):
        return float(self._text) != 0

    def _of(self, other):
        return float(other._text) if isinstance(other, Decimal) else other

    def __eq__(self, other):
        return float(self._text) == self._of(other)

    def __lt__(self, other):
        return float(self._text) < self._of(other)

    def __le__(self, other):
        return float(self._text) <= self._of(other)

    def __gt__(self, other):
        return float(self._text) > self._of(other)

    def __ge__(self, other):
        return float(self._text) >= self._of(other)

    def __hash__(self):
        return hash(float(self._text))

    def __neg__(self):
        return Decimal(self._text[1:] if self._text.startswith("-") else "-" + self._text)

    def __add__(self, other):
        return unknown("arithmetic of decimals")

    __sub__ = __mul__ = __truediv__ = __radd__ = __rmul__ = __rsub__ = __add__

    def quantize(self, exp, rounding=None):
        return unknown("arithmetic of decimals")
