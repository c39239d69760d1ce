use super::check;

#[test]
fn the_order_of_bases_is_c3() {
    check(
        "class O: pass\nclass A(O):\n    def f(self): return ['A']\nclass B(O):\n    def f(self): return ['B']\nclass C(A, B):\n    def f(self): return ['C'] + super().f()\nclass D(A):\n    def f(self): return ['D'] + super().f()\nclass E(D, B): pass\nr = C().f()\ns = E().f()\nnames = [c.__name__ for c in E.__mro__]\n",
        &[
            ("r", "['C', 'A']"),
            ("s", "['D', 'A']"),
            ("names", "['E', 'D', 'A', 'B', 'O', 'object']"),
        ],
    );
}

#[test]
fn descriptors_and_special_methods() {
    check(
        "class P:\n    def __init__(self, x): self._x = x\n    def __add__(self, o): return P(self._x + o._x)\n    def __getitem__(self, k): return (k, self._x)\n    def __call__(self, y): return self._x * y\n    def __len__(self): return 0\n    def __contains__(self, v): return v == self._x\n    def __eq__(self, o): return self._x == o._x\n    def __getattr__(self, name): return 'dyn_' + name\n    def __iter__(self): return [self._x].__iter__() if False else (i for i in [self._x])\n    def __repr__(self): return 'P!'\np = P(3)\na = (p + P(4))._x\nb = p['k']\nc = p(5)\nd = bool_ if False else (1 if p else 2)\ne = 3 in p\nf = p == P(3)\ng = p.anything\nh = [*p]\ni = f'{p}'\nj = p != P(3)\n",
        &[
            ("a", "7"),
            ("b", "('k', 3)"),
            ("c", "15"),
            ("d", "2"),
            ("e", "True"),
            ("f", "True"),
            ("g", "'dyn_anything'"),
            ("h", "[3]"),
        ],
    );
}

#[test]
fn user_descriptors_and_set_name() {
    check(
        "class Field:\n    def __set_name__(self, owner, name): self.name = name\n    def __get__(self, obj, owner):\n        if obj is None: return self\n        return obj.__dict__.get(self.name, 'default') if False else self.name\nclass M:\n    a = Field()\n    b = Field()\nr = [M().a, M().b]\nn = M.a.name\n",
        &[("r", "['a', 'b']"), ("n", "'a'")],
    );
}

#[test]
fn classes_register_their_subclasses() {
    check(
        "registry = []\nclass Base:\n    def __init_subclass__(cls, tag=None, **kw):\n        global registry\n        registry = registry + [(cls.__name__, tag)]\nclass A(Base, tag='x'): pass\nclass B(A): pass\nsubs = [c.__name__ for c in Base.__subclasses__()]\n",
        &[("registry", "[('A', 'x'), ('B', None)]"), ("subs", "['A']")],
    );
}

#[test]
fn metaclasses_make_and_call() {
    check(
        "class Single(type):\n    made = {}\n    def __call__(cls, *args):\n        if cls not in cls.made:\n            cls.made[cls] = super().__call__(*args)\n        return cls.made[cls]\nclass S(metaclass=Single):\n    def __init__(self, x): self.x = x\na = S(1)\nb = S(2)\nsame = a is b\nx = b.x\nclass Meta(type):\n    def __new__(mcs, name, bases, ns, **kw):\n        ns['extra'] = name + '!'\n        return super().__new__(mcs, name, bases, ns)\n    @property\n    def shout(cls): return cls.extra\nclass T(metaclass=Meta): pass\nclass U(T): pass\ne = [T.extra, U.extra]\n",
        &[("same", "True"), ("x", "1"), ("e", "['T!', 'U!']")],
    );
}

#[test]
fn new_is_called_before_init() {
    check(
        "class A:\n    def __new__(cls, x):\n        self = super().__new__(cls)\n        self.n = x\n        return self\n    def __init__(self, x):\n        self.i = self.n + x\na = A(2)\nr = a.i\nclass B(A): pass\ns = B(3).i\n",
        &[("r", "4"), ("s", "6")],
    );
}
