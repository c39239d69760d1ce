use super::check;

#[test]
fn arguments_go_where_python_puts_them() {
    check(
        "def f(a, /, b, c=3, *args, d, e=5, **kw):\n    return (a, b, c, args, d, e, kw)\nr = f(1, 2, d=4)\ns = f(1, 2, 3, 4, 5, d=6, z=7)\nt = f(*[1, 2], **{'d': 4})\n",
        &[
            ("r", "(1, 2, 3, (), 4, 5, {})"),
            ("s", "(1, 2, 3, (4, 5), 6, 5, {'z': 7})"),
            ("t", "(1, 2, 3, (), 4, 5, {})"),
        ],
    );
}

#[test]
fn closures_see_their_scope_and_change_it() {
    check(
        "def counter():\n    n = 0\n    def up():\n        nonlocal n\n        n += 1\n        return n\n    return up\nc = counter()\na = [c(), c()]\nfs = [lambda i=i: i for i in [1, 2]]\nb = [f() for f in fs]\ng = [lambda: i for i in [1, 2]]\nd = [f() for f in g]\n",
        &[("a", "[1, 2]"), ("b", "[1, 2]"), ("d", "[2, 2]")],
    );
}

#[test]
fn decorators_apply_from_the_inside_out() {
    check(
        "def tag(name):\n    def wrap(f):\n        def inner(*args, **kwargs):\n            return (name, f(*args, **kwargs))\n        return inner\n    return wrap\n@tag('a')\n@tag('b')\ndef f(x):\n    return x\nr = f(1)\n",
        &[("r", "('a', ('b', 1))")],
    );
}

#[test]
fn generators_are_lists_of_what_they_yield() {
    check(
        "def g(n):\n    for i in [1, 2, 3]:\n        if i == n:\n            return\n        yield i\n    yield from ['x', 'y']\na = [*g(0)]\nb = [*g(2)]\n",
        &[("a", "[1, 2, 3, 'x', 'y']"), ("b", "[1]")],
    );
}

#[test]
fn a_coroutine_runs_when_it_is_awaited() {
    check(
        "log = []\nasync def f(x):\n    global ran\n    ran = x\n    return x\nasync def g():\n    return await f(2)\nimport asyncio\nr = asyncio.run(g())\nf(3)\n",
        &[("r", "2"), ("ran", "2")],
    );
}

#[test]
fn a_method_of_a_nested_function_knows_its_class() {
    check(
        "class A:\n    def f(self):\n        return 'A'\nclass B(A):\n    def f(self):\n        def inner():\n            return super(B, self).f() + __class__.__name__\n        return [super().f(), inner()]\nr = B().f()\n",
        &[("r", "['A', 'AB']")],
    );
}
