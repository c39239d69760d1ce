use super::run;

#[test]
fn modules_import_each_other() {
    let files = [
        (
            "app/main.py",
            "from pkg import a, b as bee\nfrom pkg.sub.deep import value\nimport pkg.sub.deep as d\nimport pkg.other\nfrom pkg.star import *\nx = pkg.other.name\ny = d.up\nz = starred\nh = hidden if False else 'no'\n",
        ),
        ("app/pkg/__init__.py", "from .a import a\nfrom . import b\n"),
        ("app/pkg/a.py", "a = 1\n"),
        ("app/pkg/b.py", "n = 2\n"),
        ("app/pkg/other.py", "name = __name__\n"),
        (
            "app/pkg/sub/deep.py",
            "from ..a import a as up\nfrom ...pkg import b\nvalue = b.n\n",
        ),
        (
            "app/pkg/star.py",
            "__all__ = ['starred']\nstarred = 1\nhidden = 2\n",
        ),
    ];
    let (shown, diagnostics) = run(&files, false, "a value x y z hidden");
    assert_eq!(
        shown,
        ["1", "2", "'pkg.other'", "1", "1", "unbound"],
        "{diagnostics:#?}"
    );
}

#[test]
fn modules_may_import_in_a_circle() {
    let files = [
        ("app/main.py", "import one\nx = one.two.one.value\n"),
        ("app/one.py", "import two\nvalue = 7\n"),
        ("app/two.py", "import one\n"),
    ];
    let (shown, _) = run(&files, false, "x");
    assert_eq!(shown, ["7"]);
}

#[test]
fn a_module_of_the_project_that_is_not_there_is_an_import_error() {
    let files = [
        (
            "app/main.py",
            "try:\n    from pkg import nothing\nexcept ImportError:\n    a = 'no'\ntry:\n    import pkg.gone\nexcept ModuleNotFoundError:\n    b = 'no'\n",
        ),
        ("app/pkg/__init__.py", ""),
    ];
    let (shown, _) = run(&files, false, "a b");
    assert_eq!(shown, ["'no'", "'no'"]);
}

#[test]
fn installed_packages_are_read_on_demand() {
    let files = [
        (
            "app/main.py",
            "from lib import make, Base\nimport lib\nclass Mine(Base):\n    pass\nx = Mine().hello()\ny = lib.sub.CONST + 1\nz = make(3).n\n",
        ),
        (
            "site/lib/__init__.py",
            "from .base import Base\nfrom . import sub\nfrom .base import make\n",
        ),
        (
            "site/lib/base.py",
            "class Base:\n    def hello(self): return 'hello'\n    n = 0\ndef make(n):\n    b = Base()\n    b.n = n\n    return b\n",
        ),
        ("site/lib/sub.py", "CONST = 41\n"),
    ];
    let (shown, diagnostics) = run(&files, true, "x z");
    assert_eq!(shown, ["'hello'", "3"], "{diagnostics:#?}");
}
