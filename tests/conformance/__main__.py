"""Measures what the analyser derives against what the frameworks say themselves.

python -m conformance run [--short] [--suite NAME]… [--accept | --accept-falls]
python -m conformance why CASE [--level LEVEL]
python -m conformance list [SUITE]
"""

import argparse
import io
import json
import sys

from . import report, services
from .accepted import Accepted, Standing
from .analyser import command, program
from .cases import SERVICES, SUITES, Case, Module, Suite, applications_in_functions
from .oracle import Oracle
from .reasons import reasons
from .results import Result, differences, result, results
from .schema_graph import LEVELS


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="conformance",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    names = [*(suite.name for suite in SUITES), SERVICES]
    run = commands.add_parser("run", help="score every suite")
    run.add_argument("--short", action="store_true", help="a fixed sample, fit for every change")
    run.add_argument("--suite", action="append", choices=names, help="only this one (repeatable)")
    run.add_argument("--accept", action="store_true", help="write what is better than accepted")
    run.add_argument("--accept-falls", action="store_true", help="write what is worse, too")
    why = commands.add_parser("why", help="what differs in one case")
    why.add_argument("case", help="its name, or the beginning of it, as `list` prints it")
    why.add_argument("--level", choices=LEVELS, default="strict")
    listing = commands.add_parser("list", help="the names of the cases, and how they stand")
    listing.add_argument("suite", nargs="?", choices=names)
    options = parser.parse_args()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)  # into a file too: a run takes minutes
    try:
        program()
    except FileNotFoundError as error:
        parser.exit(2, f"{error}\n")
    if options.command == "why":
        return print_why(options.case, options.level)
    if options.command == "list":
        return print_list(options.suite)
    if options.short and (options.accept or options.accept_falls):
        parser.error("what is accepted is accepted of whole suites: leave out --short")
    return Run(options).all()


class Run:
    """One run over suites: prints scores, and collects what is not as accepted."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.accepted = Accepted()
        self.complaints: list[str] = []
        self.rises: list[str] = []

    def all(self) -> int:
        for suite in SUITES:
            if self.chosen(suite.name):
                self.framework_suite(suite)
        if self.chosen(SERVICES):
            self.real_services()
        if self.options.accept or self.options.accept_falls:
            self.accepted.write()
            print(f"\nwrote {self.accepted.path.name}")
        if self.rises:
            print(f"\nbetter than accepted ({len(self.rises)}):")
            print("\n".join(self.rises[:40]))
            print("take it over: make conformance ACCEPT=1")
        if self.complaints:
            print(f"\nFAILED ({len(self.complaints)}):")
            print("\n".join(self.complaints))
        return 1 if self.complaints or self.rises else 0

    def chosen(self, name: str) -> bool:
        return not self.options.suite or name in self.options.suite

    def framework_suite(self, suite: Suite) -> None:
        modules, oracle = asked(suite, step=suite.step if self.options.short else 1)
        cases = [case for module in modules for case in oracle.cases(module)]
        self.left_out(suite, oracle.failures(modules))
        if suite.name == "tests":
            print(
                f"{applications_in_functions()} applications made within functions are out of scope"
            )
        complete = not self.options.short
        self.scored(suite.name, suite.title, suite.unit, cases, complete=complete)

    def left_out(self, suite: Suite, failures: dict[str, str]) -> None:
        """Says what the framework made no document of. Applications need a listed reason."""
        if failures:
            print(f"\n{suite.title}: the framework makes no document of {len(failures)}")
        if suite.unit == "operations":
            known = reasons("left-out", suite.name)
            for name, failure in failures.items():
                print(f"  {name}: {known.get(name, failure)}")
                if name not in known:
                    unlisted = f"{suite.name} {name} has no document, nor a reason in reasons.toml"
                    self.complaints.append(f"{unlisted}: {failure}")

    def real_services(self) -> None:
        if not services.given():
            names = f"{services.EXPECTED} and {services.SOURCES}"
            print(f"\nreal services: skipped, because {names} are not set")
            return
        cases = list(services.cases())
        if missing := services.missing(cases):
            print(f"\nreal services without sources, skipped: {', '.join(missing)}")
        complete = not missing
        found = self.scored(SERVICES, "real services", "operations", cases, complete=complete)
        for r in found:
            print(f"  {r.case.name:28}{r.standing}; {r.answer.seconds:.2f} s")

    def scored(
        self, name: str, title: str, unit: str, cases: list[Case], *, complete: bool
    ) -> list[Result]:
        """Runs and prints a suite, and compares it with what is accepted."""
        found = list(results(cases))
        if len(found) < len(cases):
            complete = False
            self.complaints.append(f"{name}: given up after {len(found)} of {len(cases)} cases")
        print(report.summary(title, unit, found))
        print(report.causes(found))
        if unit == "operations" and complete:
            print(report.shortfalls(found, reasons("dynamic", name)))
        self.complaints += [
            f"{name} {r.case.name}: {r.answer.failure}" for r in found if r.answer.fault
        ]
        standings = {r.case.name: r.standing for r in found}
        size = {"cases": len(found), unit: sum(r.score.total for r in found)}
        if self.options.accept or self.options.accept_falls:
            if complete:
                self.accepted.accept(name, standings, size, falls=self.options.accept_falls)
            else:
                self.complaints.append(f"{name} was not accepted, because it is not complete here")
        if not self.accepted.compares(unit):
            print("  not compared with the accepted scores, which are of another Python")
        elif not self.accepted.has(name):
            self.complaints.append(f"{name} has no accepted scores: make conformance ACCEPT=1")
        else:
            for change in self.accepted.changes(name, standings):
                (self.complaints if change.is_fall else self.rises).append(str(change))
            if complete and (other := self.accepted.size_change(name, size)):
                self.complaints.append(other)
        return found


def asked(suite: Suite, *, step: int) -> tuple[list[Module], Oracle]:
    """Every so manieth module of a suite, of which the framework has been asked."""
    modules = suite.modules()[::step]
    if suite.unit == "schemas":
        unfit = reasons("left-out", suite.name)
        modules = [module for module in modules if module.name not in unfit]
    oracle = Oracle(suite)
    oracle.ask(modules)
    return modules, oracle


def all_cases(only: str | None = None) -> list[Case]:
    cases = list(services.cases()) if services.given() and only in (None, SERVICES) else []
    for suite in SUITES:
        if only in (None, suite.name):
            modules, oracle = asked(suite, step=1)
            cases += [case for module in modules for case in oracle.cases(module)]
    return cases


def print_list(suite: str | None) -> int:
    accepted = Accepted().suites
    for case in all_cases(suite):
        entry = accepted.get(case.suite, {}).get(case.name)
        print(f"{case.suite} {case.name}" + (f"  ({Standing.read(entry)})" if entry else ""))
    return 0


def print_why(name: str, level: str) -> int:
    cases = all_cases()
    chosen = [c for c in cases if c.name == name] or [c for c in cases if c.name.startswith(name)]
    if not chosen:
        print(f"no case is called `{name}`; `list` prints the names", file=sys.stderr)
        return 2
    for case in chosen:
        r = result(case)
        print(f"{case.suite} {case.name}: {r.standing}")
        print(f"  {' '.join(command(case))}\n  expected: {case.expected}")
        for line in r.answer.diagnostics.splitlines()[:20]:
            print(f"  says: {line}")
        if r.answer.document is None:
            print(f"  no document: {r.answer.failure}")
            continue
        expected = json.loads(case.expected.read_text(encoding="utf-8"))
        for place, found in differences(expected, r.answer.document, r.score, level).items():
            print(f"  {place}")
            for difference in found:
                print(f"    {difference}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
