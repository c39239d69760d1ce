SUPPRESS = "==SUPPRESS=="
REMAINDER = "..."


class Namespace:
    def __init__(self, **kwargs):
        for name, value in kwargs.items():
            setattr(self, name, value)

    def __contains__(self, name):
        return name in self.__dict__


class Action:
    def __init__(self, option_strings, dest, nargs=None, const=None, default=None, type=None, choices=None,
                 required=False, help=None, metavar=None, **kwargs):
        self.option_strings = option_strings
        self.dest = dest
        self.nargs = nargs
        self.const = const
        self.default = default
        self.type = type
        self.choices = choices
        self.required = required
        self.help = help
        self.metavar = metavar


class BooleanOptionalAction(Action):
    pass


class HelpFormatter:
    def __init__(self, *args, **kwargs):
        pass


class RawTextHelpFormatter(HelpFormatter):
    pass


class RawDescriptionHelpFormatter(HelpFormatter):
    pass


class ArgumentDefaultsHelpFormatter(HelpFormatter):
    pass


class ArgumentError(Exception):
    pass


class ArgumentTypeError(Exception):
    pass


class _Subparsers:
    def __init__(self, dest):
        self.dest = dest
        self.choices = {}

    def add_parser(self, name, **kwargs):
        self.choices[name] = ArgumentParser()
        return self.choices[name]


class ArgumentParser:
    """Parses an empty command line: what comes out are the defaults."""

    def __init__(self, *args, **kwargs):
        self.prog = kwargs.get("prog")
        self.description = kwargs.get("description")
        self._actions = []
        self._defaults = {}
        for parent in kwargs.get("parents", []):
            self._actions.extend(parent._actions)
            self._defaults.update(parent._defaults)

    def add_argument(self, *names, **kwargs):
        dest = kwargs.pop("dest", None)
        if dest is None:
            long = [name for name in names if name.startswith("--")] or list(names)
            dest = long[0].lstrip("-").replace("-", "_")
        action = kwargs.pop("action", None)
        kind = kwargs.get("type")
        default = kwargs.get("default")
        if "default" not in kwargs:
            if action == "store_true":
                default = False
            elif action == "store_false":
                default = True
        elif isinstance(default, str) and kind is not None:
            default = kind(default)
        kwargs["default"] = default
        made = Action(list(names), dest, **kwargs)
        if action not in ("help", "version") and default != SUPPRESS:
            self._actions.append(made)
        return made

    def add_argument_group(self, *args, **kwargs):
        return self

    def add_mutually_exclusive_group(self, *args, **kwargs):
        return self

    def add_subparsers(self, *args, **kwargs):
        made = _Subparsers(kwargs.get("dest"))
        if made.dest is not None:
            self._actions.append(Action([], made.dest))
        return made

    def set_defaults(self, **kwargs):
        self._defaults.update(kwargs)

    def get_default(self, dest):
        for action in self._actions:
            if action.dest == dest:
                return action.default
        return self._defaults.get(dest)

    def parse_args(self, args=None, namespace=None):
        out = Namespace() if namespace is None else namespace
        for action in self._actions:
            if not hasattr(out, action.dest):
                setattr(out, action.dest, action.default)
        for name, value in self._defaults.items():
            setattr(out, name, value)
        return out

    def parse_known_args(self, args=None, namespace=None):
        return (self.parse_args(args, namespace), [])

    def print_help(self, file=None):
        pass

    def error(self, message):
        raise SystemExit(2)
