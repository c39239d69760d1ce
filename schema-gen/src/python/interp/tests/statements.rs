use super::check;

#[test]
fn assignments_unpack_and_chain() {
    check(
        "a = b = 1\nc, *d, e = [1, 2, 3, 4]\n(f, g), h = (1, 2), 3\nx = {}\nx['k'] = 5\nx['k'] += 1\nl = [1, 2, 3]\nl[0] = 9\ndel l[1]\nl += (7,)\n",
        &[
            ("a", "1"),
            ("b", "1"),
            ("c", "1"),
            ("d", "[2, 3]"),
            ("e", "4"),
            ("g", "2"),
            ("h", "3"),
            ("x", "{'k': 6}"),
            ("l", "[9, 3, 7]"),
        ],
    );
}

#[test]
fn loops_have_else_break_and_continue() {
    check(
        "a = []\nfor x in [1, 2, 3, 4]:\n    if x == 2:\n        continue\n    if x == 4:\n        break\n    a.append(x) if False else None\n    a += [x]\nelse:\n    a += ['else']\nn = 0\nwhile n < 5:\n    n += 1\nelse:\n    b = 'done'\n",
        &[("a", "[1, 3]"), ("n", "5"), ("b", "'done'")],
    );
}

#[test]
fn exceptions_are_caught_by_what_matches() {
    check(
        "class A(Exception): pass\nclass B(A): pass\nlog = []\ndef f():\n    try:\n        raise B('x')\n    except KeyError:\n        log.__iadd__([0])\n    except A as error:\n        return 'A'\n    finally:\n        global done\n        done = True\nr = f()\ntry:\n    {}['k']\nexcept KeyError:\n    k = 'missing'\nelse:\n    k = 'there'\ntry:\n    q = 1\nexcept A:\n    q = 2\nelse:\n    q = 3\n",
        &[
            ("r", "'A'"),
            ("done", "True"),
            ("k", "'missing'"),
            ("q", "3"),
        ],
    );
}

#[test]
fn with_enters_and_exits() {
    check(
        "log = []\nclass M:\n    def __enter__(self):\n        log.insert(0, 'in') if False else None\n        self.on = True\n        return self\n    def __exit__(self, *a):\n        self.on = False\nwith M() as m:\n    inside = m.on\noutside = m.on\n",
        &[("inside", "True"), ("outside", "False")],
    );
}

#[test]
fn a_generator_with_a_context_managers_decorator_runs_around_the_body() {
    check(
        "from contextlib import contextmanager\nstate = {'n': 0}\n@contextmanager\ndef m(x):\n    state['n'] = x\n    yield x * 2\n    state['n'] = -1\ndef f():\n    with m(4) as y:\n        return (y, state['n'])\nr = f()\nafter = state['n']\n",
        &[("r", "(8, 4)"), ("after", "-1")],
    );
}

#[test]
fn match_binds_what_it_takes_apart() {
    check(
        "def f(v):\n    match v:\n        case 1 | 2:\n            return 'small'\n        case [a, *rest]:\n            return (a, rest)\n        case {'k': x, **others}:\n            return (x, others)\n        case None:\n            return 'none'\n        case n if n == 7:\n            return n\n        case _:\n            return 'other'\nr = [f(1), f([1, 2, 3]), f({'k': 1, 'l': 2}), f(None), f(7), f(8)]\n",
        &[(
            "r",
            "['small', (1, [2, 3]), (1, {'l': 2}), 'none', 7, 'other']",
        )],
    );
}

#[test]
fn comprehensions_have_names_of_their_own() {
    check(
        "x = 'outer'\na = [x * y for x in [1, 2] for y in (10, 20) if x * y != 20]\nb = {k: v for k, v in [('a', 1)]}\nc = [z for z in 'ab']\n(w := 5)\nd = [last := i for i in [1, 2]]\n",
        &[
            ("x", "'outer'"),
            ("a", "[10, 40]"),
            ("b", "{'a': 1}"),
            ("c", "['a', 'b']"),
            ("w", "5"),
            ("last", "2"),
        ],
    );
}

#[test]
fn operators_are_those_of_python() {
    check(
        "a = -7 // 2\nb = -7 % 3\nc = 7 / 2\nd = 2 ** 10\ne = 'ab' * 2 + 'c'\nf = [1] + [2]\ng = {**{'a': 1}, 'b': 2}\nh = 'abcdef'[1:-1:2]\ni = [1, 2, 3][::-1]\nj = 1 < 2 < 3\nk = not []\nl = None or 'x'\nm = 1 if '' else 2\nn = 1e16\no = 1e-5\np = 0.1 + 0.2\nq = {'a': 1} | {'b': 2}\nr = True + 1\ns = 'it\\'s'\n",
        &[
            ("a", "-4"),
            ("b", "2"),
            ("c", "3.5"),
            ("d", "1024"),
            ("e", "'ababc'"),
            ("f", "[1, 2]"),
            ("g", "{'a': 1, 'b': 2}"),
            ("h", "'bd'"),
            ("i", "[3, 2, 1]"),
            ("j", "True"),
            ("k", "True"),
            ("l", "'x'"),
            ("m", "2"),
            ("n", "1e+16"),
            ("o", "1e-05"),
            ("p", "0.30000000000000004"),
            ("q", "{'a': 1, 'b': 2}"),
            ("r", "2"),
            ("s", "\"it's\""),
        ],
    );
}

#[test]
fn format_strings_show_values() {
    check(
        "x = 'v'\nn = 3\na = f'/{x}/{n}'\nb = f'{x!r}'\nc = f'{x}' f'{n}'\nd = f'{n=}'\n",
        &[
            ("a", "'/v/3'"),
            ("b", "\"'v'\""),
            ("c", "'v3'"),
            ("d", "'n=3'"),
        ],
    );
}
