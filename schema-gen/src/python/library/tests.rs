//! What library functions give, as CPython gives it.

use crate::python::interp::Interp;
use crate::python::value::Value;
use crate::{MemoryTree, Options};

/// Runs a module and compares `repr(result)`.
#[track_caller]
fn check(source: &str, expected: &str) {
    let tree: MemoryTree = [("src/main.py", source)].into_iter().collect();
    let options = Options {
        roots: vec!["src".to_owned()],
        environment: vec![("GIVEN".to_owned(), "yes".to_owned())],
        ..Options::default()
    };
    let mut interp = Interp::new(&tree, &options);
    let found = match interp.run_file("src/main.py", "main") {
        Ok(module) => match interp.attribute(&Value::Module(module), "result") {
            Ok(value) => match interp.text(&value, true) {
                Some(text) => text,
                None => format!("{value:?}"),
            },
            Err(raised) => format!("{raised:?} {:?}", interp.diagnostics),
        },
        Err(raised) => format!("{raised:?}"),
    };
    assert_eq!(found, expected, "\n{source}\n{:?}", interp.diagnostics);
}

#[track_caller]
fn each(cases: &[(&str, &str)]) {
    let mut wrong = Vec::new();
    for (source, expected) in cases {
        let source = match source.rsplit_once("; ") {
            Some((before, last)) => format!("{}\nresult = {last}\n", before.replace("; ", "\n")),
            None => format!("result = {source}\n"),
        };
        if let Err(panic) = std::panic::catch_unwind(|| check(&source, expected)) {
            wrong.push(panic.downcast_ref::<String>().cloned().unwrap_or_default());
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn texts() {
    each(&[
        ("'{} {} {a!r:>5}'.format(1, 2, a='x')", "\"1 2   'x'\""),
        (
            "'%s-%05d-%.2f-%r-%%' % ('a', 42, 1.005, 'q')",
            "\"a-00042-1.00-'q'-%\"",
        ),
        ("'%(a)s/%(b)x' % {'a': 1, 'b': 255}", "'1/ff'"),
        ("'a,b,,c'.split(',')", "['a', 'b', '', 'c']"),
        ("'  a  b '.split()", "['a', 'b']"),
        ("'a.b.c'.rsplit('.', 1)", "['a.b', 'c']"),
        ("'hello_world'.title()", "'Hello_World'"),
        ("'-'.join(['a', 'b'])", "'a-b'"),
        ("'xxabcxx'.strip('x')", "'abc'"),
        ("'/api/v1'.removeprefix('/api').upper()", "'/V1'"),
        (
            "f'{3.14159:.2f} {1000000:,} {5:03d} {\"a\":>4} {0.5:%}'",
            "'3.14 1,000,000 005    a 50.000000%'",
        ),
        ("'a\\nb\\r\\nc'.splitlines()", "['a', 'b', 'c']"),
        ("'abc'.encode().hex()", "'616263'"),
        (
            "'x'.zfill(3), 'ab'.center(6, '*'), 'a'.ljust(3) + '|'",
            "('00x', '**ab**', 'a  |')",
        ),
        ("'abc'.translate(str.maketrans('ab', 'xy', 'c'))", "'xy'"),
        ("'user_name'.partition('_')", "('user', '_', 'name')"),
        (
            "'abcabc'.find('c'), 'abcabc'.rfind('c'), 'a'.isidentifier()",
            "(2, 5, True)",
        ),
        (
            "repr('it\\'s'), str(1.0), str(1e20), str(1e-7), repr(None)",
            "('\"it\\'s\"', '1.0', '1e+20', '1e-07', 'None')",
        ),
    ]);
}

#[test]
fn collections() {
    each(&[
        ("sorted([3, 1, 2], reverse=True)", "[3, 2, 1]"),
        ("sorted(['bb', 'a'], key=len)", "['a', 'bb']"),
        ("{'a': 1} | {'b': 2}", "{'a': 1, 'b': 2}"),
        (
            "d = {}; d.setdefault('a', []).append(1); d.update(b=2); d",
            "{'a': [1], 'b': 2}",
        ),
        (
            "list(zip([1, 2], 'ab')), list(enumerate('ab', 1))",
            "([(1, 'a'), (2, 'b')], [(1, 'a'), (2, 'b')])",
        ),
        (
            "max([1, 5, 3]), min('b', 'a'), sum([1, 2]), any([0, 1]), all([])",
            "(5, 'a', 3, True, True)",
        ),
        (
            "from collections import OrderedDict; list(OrderedDict([('a', 1)]).items())",
            "[('a', 1)]",
        ),
        (
            "from collections import defaultdict; d = defaultdict(list); d['x'].append(1); dict(d)",
            "{'x': [1]}",
        ),
        (
            "from collections import Counter; Counter('aab').most_common(1)",
            "[('a', 2)]",
        ),
        (
            "from collections import deque; d = deque([1, 2], maxlen=2); d.append(3); list(d)",
            "[2, 3]",
        ),
        (
            "from collections import namedtuple; P = namedtuple('P', 'x y', defaults=[2]); p = P(1); (p, p.y, p[0], P._fields)",
            "(P(x=1, y=2), 2, 1, ('x', 'y'))",
        ),
        (
            "from collections import ChainMap; ChainMap({'a': 1}, {'a': 2, 'b': 3})['b']",
            "3",
        ),
        (
            "it = iter([1, 2, 3]); (next(it), next(it), list(it), next(it, 'end'))",
            "(1, 2, [3], 'end')",
        ),
        ("dict.fromkeys(['a', 'b'], 0)", "{'a': 0, 'b': 0}"),
        (
            "isinstance(True, int), isinstance('a', (int, str)), issubclass(bool, int)",
            "(True, True, True)",
        ),
        (
            "from collections.abc import Mapping; isinstance({}, Mapping), callable(len)",
            "(True, True)",
        ),
        (
            "list(map(str, [1, 2])), list(filter(None, [0, 1]))",
            "(['1', '2'], [1])",
        ),
        (
            "{1, 2}.union([3]) == {1, 2, 3}, frozenset([1]) == {1}",
            "(True, True)",
        ),
        (
            "[1, 2] == [1, 2], (1, [2]) == (1, [2]), {'a': [1]} == {'a': [1]}",
            "(True, True, True)",
        ),
    ]);
}

#[test]
fn standard() {
    each(&[
        (
            "import os; os.getenv('GIVEN'), os.environ.get('NO', 'd'), 'GIVEN' in os.environ",
            "('yes', 'd', True)",
        ),
        (
            "import os; os.path.join('/a', 'b', '../c'), os.path.dirname('/a/b.py'), os.path.splitext('x.tar.gz')",
            "('/a/b/../c', '/a', ('x.tar', '.gz'))",
        ),
        (
            "from pathlib import Path; p = Path('/a') / 'b' / 'c.py'; (str(p), p.name, p.stem, p.suffix, str(p.parent.parent), p)",
            "('/a/b/c.py', 'c.py', 'c', '.py', '/a', PosixPath('/a/b/c.py'))",
        ),
        (
            "from datetime import timedelta; timedelta(days=1, hours=2).total_seconds()",
            "93600.0",
        ),
        (
            "from datetime import datetime, timezone; datetime(2024, 1, 2, tzinfo=timezone.utc).isoformat()",
            "'2024-01-02T00:00:00+00:00'",
        ),
        (
            "from datetime import datetime; datetime.fromisoformat('2024-01-02T03:04:05Z').isoformat()",
            "'2024-01-02T03:04:05+00:00'",
        ),
        (
            "from uuid import UUID; str(UUID('12345678123456781234567812345678'))",
            "'12345678-1234-5678-1234-567812345678'",
        ),
        (
            "import json; json.dumps({'a': [1, None, True, 'é']}), json.loads('[1.5]')",
            "('{\"a\": [1, null, true, \"\\\\u00e9\"]}', [1.5])",
        ),
        (
            "import json; json.dumps({'b': 1, 'a': {}}, indent=2, sort_keys=True)",
            "'{\\n  \"a\": {},\\n  \"b\": 1\\n}'",
        ),
        (
            "import re; re.sub(r'(?<!^)(?=[A-Z])', '_', 'camelCaseName').lower()",
            "'camel_case_name'",
        ),
        (
            "import re; re.sub(r'(\\w+)-(\\w+)', r'\\2 \\1', 'a-b'), re.findall(r'{(.*?)}', '/x/{a}/{b}')",
            "('b a', ['a', 'b'])",
        ),
        (
            "import re; m = re.match(r'(?P<n>\\d+)x', '12x'); (m.group('n'), m.groups(), re.match('a', 'b'))",
            "('12', ('12',), None)",
        ),
        (
            "from functools import partial, reduce; f = partial(lambda a, b: a + b, 1); (f(2), reduce(lambda a, b: a * b, [1, 2, 3]))",
            "(3, 6)",
        ),
        (
            "from functools import lru_cache; calls = []; f = lru_cache(lambda: calls.append(1)); f(); f(); len(calls)",
            "1",
        ),
        (
            "from itertools import chain, product; list(chain([1], [2])), list(product('a', [1, 2]))",
            "([1, 2], [('a', 1), ('a', 2)])",
        ),
        (
            "from operator import itemgetter; sorted([{'a': 2}, {'a': 1}], key=itemgetter('a'))",
            "[{'a': 1}, {'a': 2}]",
        ),
        (
            "from http import HTTPStatus; (HTTPStatus.NOT_FOUND.phrase, HTTPStatus.OK == 200, int(HTTPStatus.CREATED), HTTPStatus(404).name)",
            "('Not Found', True, 201, 'NOT_FOUND')",
        ),
        (
            "import sys; sys.version_info >= (3, 10), sys.version_info.minor, sys.version_info[:2]",
            "(True, 13, (3, 13))",
        ),
        (
            "from urllib.parse import urlparse, quote, urljoin; (urlparse('http://h:80/p?q#f').port, quote('a b/c'), urljoin('http://h/a/b', 'c'))",
            "(80, 'a%20b/c', 'http://h/a/c')",
        ),
        (
            "import argparse; p = argparse.ArgumentParser(); p.add_argument('--port', '-p', type=int, default='80'); p.add_argument('--debug', action='store_true'); a = p.parse_args(); (a.port, a.debug)",
            "(80, False)",
        ),
        (
            "from types import SimpleNamespace; SimpleNamespace(a=1).a",
            "1",
        ),
        (
            "from packaging.version import Version; Version('2.10') > Version('2.9')",
            "True",
        ),
        (
            "import textwrap; textwrap.dedent('\\n  a\\n   b\\n')",
            "'\\na\\n b\\n'",
        ),
        ("import string; string.ascii_lowercase[:3]", "'abc'"),
        ("import math; math.ceil(1.2), math.pi > 3", "(2, True)"),
        (
            "import copy; a = {'x': [1]}; b = copy.deepcopy(a); b['x'].append(2); a",
            "{'x': [1]}",
        ),
        (
            "import inspect; f = lambda a, b=1, *, c: 0; s = inspect.signature(f); ([p.name for p in s.parameters.values()], s.parameters['b'].default, s.parameters['c'].kind.name)",
            "(['a', 'b', 'c'], 1, 'KEYWORD_ONLY')",
        ),
        (
            "import logging; logging.getLevelName('INFO'), logging.DEBUG",
            "(20, 10)",
        ),
    ]);
}

#[test]
fn sentinels() {
    each(&[(
        "a = object(); b = object(); a is a, a is b, a is not b, a is 1, a is None, 'x' is not a",
        "(True, False, True, False, False, True)",
    )]);
}

#[test]
fn context_variables() {
    let after = |lines: &str, expected| {
        let source = format!(
            "from contextvars import ContextVar\n\
             known: ContextVar[int] = ContextVar('known', default=1)\n\
             bare = ContextVar[str]('bare')\n{lines}\n"
        );
        check(&source, expected);
    };
    after(
        "result = known.get(), known.get(2), bare.get(None), bare.name",
        "(1, 2, None, 'bare')",
    );
    after(
        "token = known.set(3)\ninside = known.get(2)\nknown.reset(token)\nresult = inside, known.get()",
        "(3, 1)",
    );
    after(
        "try:\n    bare.get()\nexcept LookupError:\n    result = 'none'",
        "'none'",
    );
    // What runs in a copy of the context is not followed.
    after(
        "import contextvars\ncopy = contextvars.copy_context()\nresult = known.get()",
        "1",
    );
}

#[test]
fn enumerations() {
    let colors = "from enum import *\nclass C(str, Enum):\n    RED = 'r'\n    BLUE = 'b'\n    CRIMSON = 'r'\n    @property\n    def loud(self): return self.value.upper()\n";
    for (expression, expected) in [
        (
            "C.RED.value, C('b').name, C['RED'] is C.CRIMSON, len(C)",
            "('r', 'BLUE', True, 2)",
        ),
        (
            "[c.value for c in C], C.RED == 'r', C.RED.loud, C.RED.upper()",
            "(['r', 'b'], True, 'R', 'R')",
        ),
        (
            "str(C.RED), f'{C.BLUE}', repr(C.RED)",
            "('C.RED', 'C.BLUE', \"<C.RED: 'r'>\")",
        ),
        ("list(C.__members__)", "['RED', 'BLUE', 'CRIMSON']"),
        (
            "isinstance(C.RED, str), isinstance(C.RED, C), issubclass(C, Enum), 'r' in [c.value for c in C]",
            "(True, True, True, True)",
        ),
    ] {
        check(&format!("{colors}result = {expression}\n"), expected);
    }
    check(
        "from enum import *\nclass N(IntEnum):\n    A = auto()\n    B = auto()\nclass S(StrEnum):\n    Aa = auto()\nF = Enum('F', 'x y')\nclass P(Enum):\n    E = (1, 'one')\n    def __init__(self, n, text):\n        self.text = text\nresult = N.B.value, str(N.A), S.Aa.value, str(S.Aa), F.y.value, P.E.text, P.E.value, N.A < N.B\n",
        "(2, '1', 'aa', 'aa', 2, 'one', (1, 'one'), True)",
    );
    check(
        "from enum import Enum\nclass M(Enum):\n    A = 1\n    @classmethod\n    def _missing_(cls, value):\n        return cls.A\nresult = M(99)\n",
        "<M.A: 1>",
    );
}

#[test]
fn generated_classes() {
    check(
        "from dataclasses import *\n@dataclass\nclass A:\n    x: int\n    y: list = field(default_factory=list)\n@dataclass(kw_only=True)\nclass B(A):\n    z: str = 'z'\n    def __post_init__(self):\n        self.w = self.z + '!'\na = A(1)\nb = B(2, z='q')\nresult = a, b, b.w, asdict(a), A(1) == A(1), A(1) == A(2), [f.name for f in fields(B)], replace(a, x=5).x, is_dataclass(A)\n",
        "(A(x=1, y=[]), B(x=2, y=[], z='q'), 'q!', {'x': 1, 'y': []}, True, False, ['x', 'y', 'z'], 5, True)",
    );
    check(
        "from typing import NamedTuple\nclass P(NamedTuple):\n    x: int\n    y: int = 2\n    def total(self): return self.x + self.y\np = P(1)\nx, y = p\nresult = p.total(), x, y, p._asdict(), p._replace(x=9)\n",
        "(3, 1, 2, {'x': 1, 'y': 2}, P(x=9, y=2))",
    );
    check(
        "from typing import TypedDict\nclass T(TypedDict, total=False):\n    a: int\nresult = T(a=1)\n",
        "{'a': 1}",
    );
    check(
        "class S(str):\n    def twice(self): return self + self\nclass D(dict):\n    def __missing__(self, key): return key * 2\nclass L(list): pass\nd = D(a=1)\nd['b'] = 2\nl = L([1])\nl.append(2)\nresult = S('ab').twice(), S('ab').upper(), d['a'], d['zz'], len(d), l[1], len(l)\n",
        "('abab', 'AB', 1, 'zzzz', 2, 2, 2)",
    );
    check(
        "class E(ValueError):\n    def __init__(self, code):\n        super().__init__('bad ' + code)\n        self.code = code\ntry:\n    raise E('x')\nexcept ValueError as error:\n    result = str(error), error.code, error.args, isinstance(error, Exception)\n",
        "('bad x', 'x', ('bad x',), True)",
    );
}

#[test]
fn types() {
    each(&[
        (
            "from typing import *; get_origin(List[int]), get_args(Dict[str, int])",
            "(<class 'list'>, (<class 'str'>, <class 'int'>))",
        ),
        (
            "from typing import *; Optional[Union[int, None]] == Union[int, None], get_args(Literal['a', Literal['b']])",
            "(True, ('a', 'b'))",
        ),
        (
            "from typing import *; get_args(Annotated[Annotated[int, 1], 2])",
            "(<class 'int'>, 1, 2)",
        ),
        (
            "type('X', (), {'a': 1}).a, type(1) is int, type('a').__name__, int.__name__",
            "(1, True, 'str', 'int')",
        ),
        (
            "hasattr('a', 'upper'), hasattr('a', 'nope'), getattr({}, 'x', 5)",
            "(True, False, 5)",
        ),
        (
            "int('42'), int('ff', 16), float('1.5'), bool(''), str(b'a', 'utf-8'), list('ab'), tuple([1])",
            "(42, 255, 1.5, False, 'a', ['a', 'b'], (1,))",
        ),
        (
            "list(range(0, 10, 3)), abs(-1), round(2.5), round(1.256, 2), divmod(7, 2), pow(2, 3), chr(97), ord('a'), hex(255)",
            "([0, 3, 6, 9], 1, 2, 1.26, (3, 1), 8, 'a', 97, '0xff')",
        ),
    ]);
}

#[test]
fn what_is_changed_by_the_unknown_is_unknown() {
    let unknown = "import random\nu = random.choice([1])\n";
    for (source, expected) in [
        (
            "d = {'a': 1}\nd.update(u)\nresult = d.get('b', 2)",
            "Unknown(dict.update is not evaluated here)",
        ),
        (
            "d = {'a': 1}\nresult = d.get(u)",
            "Unknown(random.choice gives another value each time)",
        ),
        (
            "l = [2, 1]\nl.sort(key=lambda it: u)\nresult = l[0]",
            "Unknown(list.sort is not evaluated here)",
        ),
        (
            "result = '-'.join(['a', u])",
            "Unknown(random.choice gives another value each time)",
        ),
        (
            "result = isinstance(u, int)",
            "Unknown(random.choice gives another value each time)",
        ),
        (
            "import unread\nd = {'a': 1}\nresult = d.get(unread.key(), 2)",
            "Unknown(a key that is not known: unread.key(…))",
        ),
    ] {
        check(&format!("{unknown}{source}\n"), expected);
    }
}

#[test]
fn moments() {
    each(&[
        (
            "from datetime import datetime; from zoneinfo import ZoneInfo; datetime.min.replace(tzinfo=ZoneInfo('UTC')).isoformat()",
            "'0001-01-01T00:00:00+00:00'",
        ),
        (
            "from datetime import date, timedelta; date(2024, 5, 6) < date.max, timedelta(minutes=90) * 2 == timedelta(hours=3), str(timedelta(days=1, seconds=5))",
            "(True, True, '1 day, 0:00:05')",
        ),
        (
            "from decimal import Decimal; str(Decimal('1.10')), str(Decimal(0.1)), Decimal('2') > 1",
            "('1.10', '0.1000000000000000055511151231257827021181583404541015625', True)",
        ),
    ]);
}
