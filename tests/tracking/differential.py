"""The same calls to MLflow's own SQL store and to ours, and what came of them.

A *call* is a name and arguments in which experiments, runs and models are numbers: the first that
was made, the second. `Side.do` makes it, and gives what a person would see, ids replaced by those
numbers and times of the clock left out; or MLflow's error code.
"""

from __future__ import annotations

import math
import re
from typing import Any

from hypothesis import strategies as st
from mlflow.entities import (
    Dataset,
    DatasetInput,
    InputTag,
    LoggedModelStatus,
    Metric,
    Param,
    RunTag,
    ViewType,
)

Call = tuple[str, dict[str, Any]]

# Few of each, so that calls meet.
KEYS = ["a", "b", "loss", "val_loss", "x y", "größe"]
VALUES = ["", "1", "A", "a", "50%", "_", "a_b", "it's", "größe", "x" * 300]
# No -0.0: SQLite keeps no sign of it.
NUMBERS = [0.0, 1.0, -1.5, 0.1, 1e300, -1e-300, math.nan, 2.0**53]
VIEWS = [ViewType.ACTIVE_ONLY, ViewType.DELETED_ONLY, ViewType.ALL]

which = st.integers(0, 3)
keys = st.sampled_from(KEYS)
values = st.sampled_from(VALUES)
numbers = st.sampled_from(NUMBERS)
points = st.tuples(keys, numbers, st.integers(1, 5), st.integers(-2, 3))
pairs = st.dictionaries(keys, values, max_size=3)


def quoted(text: str) -> str:
    return f'"{text}"' if "'" in text else f"'{text}'"


def names(kind: str) -> st.SearchStrategy[str]:
    return keys.map(lambda key: f"{kind}.`{key}`")


TEXT_OPERATORS = st.sampled_from(["=", "!=", "LIKE", "ILIKE"])
NUMBER_OPERATORS = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])
patterns = st.sampled_from([*VALUES, "%", "a%", "%A%", "__", "%\\%", "5_%"])
texts = patterns.map(quoted)
written = st.sampled_from(["0", "-1.5", "0.1", "1e300", "1", "9007199254740992"])

run_conditions = st.one_of(
    st.tuples(names("metrics"), NUMBER_OPERATORS, written),
    st.tuples(names("params"), TEXT_OPERATORS, texts),
    st.tuples(names("tags"), TEXT_OPERATORS, texts),
    st.tuples(
        st.one_of(names("tags"), names("params")), st.sampled_from(["IS NULL", "IS NOT NULL"])
    ),
    st.tuples(
        st.just("status"), TEXT_OPERATORS, st.sampled_from(["'RUNNING'", "'F%'", "'failed'"])
    ),
    st.tuples(st.just("run_name"), TEXT_OPERATORS, texts),
    st.tuples(
        st.sampled_from(["start_time", "end_time", "attributes.created"]),
        NUMBER_OPERATORS,
        st.sampled_from(["0", "1003", "2003"]),
    ),
    st.tuples(
        st.sampled_from(["dataset.name", "dataset.digest", "dataset.context"]),
        TEXT_OPERATORS,
        texts,
    ),
    # And some that are none.
    st.tuples(names("metrics"), TEXT_OPERATORS, texts),
    st.tuples(names("params"), NUMBER_OPERATORS, texts),
    st.tuples(st.sampled_from(["nothing", "metrics", "params.", "a.b"]), TEXT_OPERATORS, texts),
    st.tuples(st.sampled_from(["(a = 1)", "OR", ";", "metrics.a", "status = RUNNING", "'"])),
)
run_orders = st.tuples(
    st.one_of(
        names("metrics"),
        names("params"),
        names("tags"),
        st.sampled_from(["start_time", "end_time", "status", "run_name", "nothing", "metrics"]),
    ),
    st.sampled_from(["", " ASC", " DESC", " UP"]),
).map("".join)
experiment_conditions = st.one_of(
    st.tuples(names("tags"), TEXT_OPERATORS, texts),
    st.tuples(st.just("name"), TEXT_OPERATORS, patterns.map(lambda p: quoted(f"%{p}"))),
    st.tuples(st.sampled_from(["nothing", "params.a", "name"]), NUMBER_OPERATORS, texts),
)
model_conditions = st.one_of(
    st.tuples(names("tags"), TEXT_OPERATORS, texts),
    st.tuples(names("params"), TEXT_OPERATORS, texts),
    st.tuples(names("metrics"), NUMBER_OPERATORS, written),
    st.tuples(st.sampled_from(["name", "model_type"]), TEXT_OPERATORS, texts),
    st.tuples(st.just("nothing"), TEXT_OPERATORS, texts),
)


def conjunctions(conditions: st.SearchStrategy[tuple[str, ...]]) -> st.SearchStrategy[str]:
    return st.lists(conditions.map(" ".join), max_size=3).map(" AND ".join)


def call(function: str, /, **arguments: st.SearchStrategy) -> st.SearchStrategy[Call]:
    return st.tuples(st.just(function), st.fixed_dictionaries(arguments))


calls = st.one_of(
    call("create_experiment", name=values, tags=pairs),
    call("rename_experiment", experiment=which, name=values),
    call("delete_experiment", experiment=which),
    call("restore_experiment", experiment=which),
    call("set_experiment_tag", experiment=which, key=keys, value=values),
    call("create_run", experiment=which, name=st.none() | values, tags=pairs),
    call("update_run", run=which, status=st.sampled_from(["RUNNING", "FAILED"]), name=values),
    call(
        "set_terminated",
        run=which,
        status=st.sampled_from(["FINISHED", "KILLED"]),
        end=st.integers(2000, 2005),
    ),
    call("delete_run", run=which),
    call("restore_run", run=which),
    call("log_metric", run=which, point=points),
    call("log_param", run=which, key=keys, value=values),
    call("set_tag", run=which, key=keys, value=values),
    call("delete_tag", run=which, key=keys),
    call(
        "log_batch",
        run=which,
        metrics=st.lists(points, max_size=6),
        params=st.lists(st.tuples(keys, values), max_size=3),
        tags=st.lists(st.tuples(keys, values), max_size=3),
    ),
    call("log_inputs", run=which, name=values, digest=st.sampled_from(["1", "2"]), context=values),
    call("create_model", experiment=which, run=st.none() | which, tags=pairs, params=pairs),
    call("tag_model", model=which, tags=pairs),
    call("finalize_model", model=which, status=st.sampled_from(["READY", "FAILED"])),
    call("delete_model", model=which),
    # MLflow's store writes 0 for a model's metric that is not a number.
    call(
        "measure_model",
        model=which,
        run=which,
        point=points.filter(lambda point: not math.isnan(point[1])),
    ),
)
questions = st.one_of(
    call("get_run", run=which),
    call("get_experiment", experiment=which),
    call("get_model", model=which),
    call("history", run=which, key=keys),
    call(
        "search_runs",
        experiments=st.lists(which, min_size=1, max_size=3, unique=True),
        condition=conjunctions(run_conditions),
        order=st.lists(run_orders, max_size=2),
        view=st.sampled_from(VIEWS),
        size=st.integers(1, 3),
    ),
    call(
        "search_experiments",
        condition=conjunctions(experiment_conditions),
        view=st.sampled_from(VIEWS),
    ),
    call(
        "search_models",
        experiments=st.lists(which, min_size=1, max_size=3, unique=True),
        condition=conjunctions(model_conditions),
    ),
)
# Something must be there before there is anything to ask about.
BEGINNING: list[Call] = [
    ("create_experiment", {"name": "one", "tags": {"a": "A"}}),
    ("create_experiment", {"name": "two", "tags": {}}),
    *[
        ("create_run", {"experiment": n // 2, "name": n_, "tags": {"b": n_}})
        for n, n_ in enumerate("Aa_")
    ],
    ("create_model", {"experiment": 0, "run": 0, "tags": {"a": "1"}, "params": {"b": "2"}}),
]
scripts = st.lists(st.one_of(calls, calls, questions), min_size=5, max_size=25).map(
    BEGINNING.__add__
)


class Side:
    """One of the two stores, and what was made in it."""

    def __init__(self, client: Any, prefix: str) -> None:
        self.client = client
        self.prefix = prefix
        self.experiments: list[str] = []
        self.runs: list[str] = []
        self.models: list[str] = []
        self.clock = 1000

    def do(self, call: Call) -> object:
        """What the call gives, or `("refused", code)`."""
        from mlflow.exceptions import MlflowException

        name, arguments = call
        try:
            return getattr(self, name)(**arguments)
        except MlflowException as error:
            # Of two faults either may be said.
            one = all("UP" not in by and "." in by for by in arguments.get("order", []))
            said = error.message if name.startswith("search") and one else ""
            return "refused", error.error_code, self.anonymous(said)

    def anonymous(self, text: str) -> str:
        for kind in ("experiments", "runs", "models"):
            for number, made in enumerate(getattr(self, kind)):
                if len(made) > 3:
                    text = text.replace(made, f"<{kind} {number}>")
        # Python writes sets in any order.
        return re.sub(r"\{[^{}]*\}", lambda m: "".join(sorted(m[0])), text.replace(self.prefix, ""))

    def pick(self, kind: str, number: int) -> str:
        made = getattr(self, kind)
        return made[number % len(made)] if made else "0"

    def number(self, kind: str, made: str | None) -> int | None:
        return None if made is None else getattr(self, kind).index(made)

    # What changes something.

    def create_experiment(self, name: str, tags: dict[str, str]) -> None:
        made = self.client.create_experiment(f"{self.prefix}{name}", "s3://bucket/e", tags)
        self.experiments.append(made)

    def rename_experiment(self, experiment: int, name: str) -> None:
        # MLflow's store says of a name that is taken what its database says.
        taken = self.client.get_experiment_by_name(f"{self.prefix}{name}")
        if taken is None:
            self.client.rename_experiment(
                self.pick("experiments", experiment), f"{self.prefix}{name}"
            )

    def delete_experiment(self, experiment: int) -> None:
        self.client.delete_experiment(self.pick("experiments", experiment))

    def restore_experiment(self, experiment: int) -> None:
        self.client.restore_experiment(self.pick("experiments", experiment))

    def set_experiment_tag(self, experiment: int, key: str, value: str) -> None:
        self.client.set_experiment_tag(self.pick("experiments", experiment), key, value)

    def create_run(self, experiment: int, name: str | None, tags: dict[str, str]) -> None:
        # No two runs start at the same time, so that every order is one.
        self.clock += 1
        run = self.client.create_run(
            self.pick("experiments", experiment), self.clock, tags, name or "nameless"
        )
        self.runs.append(run.info.run_id)

    def update_run(self, run: int, status: str, name: str) -> None:
        self.client.update_run(self.pick("runs", run), status, name)

    def set_terminated(self, run: int, status: str, end: int) -> None:
        self.client.set_terminated(self.pick("runs", run), status, end)

    def delete_run(self, run: int) -> None:
        self.client.delete_run(self.pick("runs", run))

    def restore_run(self, run: int) -> None:
        self.client.restore_run(self.pick("runs", run))

    def log_metric(self, run: int, point: tuple) -> None:
        self.client.log_metric(self.pick("runs", run), *point)

    def log_param(self, run: int, key: str, value: str) -> None:
        self.client.log_param(self.pick("runs", run), key, value)

    def set_tag(self, run: int, key: str, value: str) -> None:
        self.client.set_tag(self.pick("runs", run), key, value)

    def delete_tag(self, run: int, key: str) -> None:
        self.client.delete_tag(self.pick("runs", run), key)

    def log_batch(self, run: int, metrics: list, params: list, tags: list) -> None:
        self.client.log_batch(
            self.pick("runs", run),
            [Metric(*point) for point in metrics],
            [Param(*param) for param in params],
            [RunTag(*tag) for tag in tags],
        )

    def log_inputs(self, run: int, name: str, digest: str, context: str) -> None:
        dataset = Dataset(name or "-", digest, "local", "{}")
        tags = [InputTag("mlflow.data.context", context or "-")]
        self.client.log_inputs(self.pick("runs", run), [DatasetInput(dataset, tags)])

    def create_model(self, experiment: int, run: int | None, tags: dict, params: dict) -> None:
        number = len(self.models)
        model = self.client.create_logged_model(
            self.pick("experiments", experiment),
            f"model-{number}",
            None if run is None else self.pick("runs", run),
            tags,
            params,
            "Tree" if number % 2 else None,
        )
        self.models.append(model.model_id)

    def tag_model(self, model: int, tags: dict[str, str]) -> None:
        if tags:
            self.client.set_logged_model_tags(self.pick("models", model), tags)

    def finalize_model(self, model: int, status: str) -> None:
        self.client.finalize_logged_model(self.pick("models", model), LoggedModelStatus(status))

    def delete_model(self, model: int) -> None:
        model_id = self.pick("models", model)
        self.client.get_logged_model(model_id)
        self.client.delete_logged_model(model_id)

    def measure_model(self, model: int, run: int, point: tuple) -> None:
        model_id = self.pick("models", model)
        self.client.get_logged_model(model_id)
        self.client.log_metric(self.pick("runs", run), *point, model_id=model_id)

    # What only asks.

    def get_run(self, run: int) -> object:
        return self.seen_run(self.client.get_run(self.pick("runs", run)))

    def get_experiment(self, experiment: int) -> object:
        return self.seen_experiment(
            self.client.get_experiment(self.pick("experiments", experiment))
        )

    def get_model(self, model: int) -> object:
        return self.seen_model(self.client.get_logged_model(self.pick("models", model)))

    def history(self, run: int, key: str) -> object:
        listed = self.client.get_metric_history(self.pick("runs", run), key)
        return sorted((repr(m.value), m.timestamp, m.step) for m in listed)

    def search_runs(
        self, experiments: list[int], condition: str, order: list[str], view: int, size: int
    ) -> object:
        ids = [self.pick("experiments", experiment) for experiment in experiments]
        seen, token = [], None
        for _ in range(100):
            page = self.client.search_runs(ids, condition, view, size, order, token)
            seen += [self.seen_run(run) for run in page]
            token = page.token
            if not token:
                return seen
        raise AssertionError("the pages have no end")

    def search_experiments(self, condition: str, view: int) -> object:
        ours = f"name LIKE '{self.prefix}%'"
        listed = self.client.search_experiments(
            view, 1000, f"{ours} AND {condition}" if condition else ours, ["name"]
        )
        return [self.seen_experiment(experiment) for experiment in listed]

    def search_models(self, experiments: list[int], condition: str) -> object:
        ids = [self.pick("experiments", experiment) for experiment in experiments]
        listed = self.client.search_logged_models(
            ids, condition, order_by=[{"field_name": "name", "ascending": True}]
        )
        return [self.seen_model(model) for model in listed]

    # What is seen of a thing.

    def seen_run(self, run: Any) -> object:
        return {
            "run": self.number("runs", run.info.run_id),
            "experiment": self.number("experiments", run.info.experiment_id),
            "name": run.info.run_name,
            "status": run.info.status,
            "times": (run.info.start_time, run.info.end_time),
            "stage": run.info.lifecycle_stage,
            "metrics": {key: repr(value) for key, value in sorted(run.data.metrics.items())},
            "params": dict(sorted(run.data.params.items())),
            "tags": dict(sorted(run.data.tags.items())),
            "datasets": sorted(
                (i.dataset.name, i.dataset.digest, sorted((t.key, t.value) for t in i.tags))
                for i in run.inputs.dataset_inputs
            ),
        }

    def seen_experiment(self, experiment: Any) -> object:
        return {
            "experiment": self.number("experiments", experiment.experiment_id),
            "name": experiment.name.removeprefix(self.prefix),
            "stage": experiment.lifecycle_stage,
            "place": experiment.artifact_location,
            "tags": dict(sorted(experiment.tags.items())),
        }

    def seen_model(self, model: Any) -> object:
        return {
            "model": self.number("models", model.model_id),
            "experiment": self.number("experiments", model.experiment_id),
            "run": self.number("runs", model.source_run_id),
            "name": model.name,
            "type": model.model_type,
            "status": model.status,
            "tags": dict(sorted(model.tags.items())),
            "params": dict(sorted(model.params.items())),
            "metrics": sorted(
                (m.key, repr(m.value), m.timestamp, m.step) for m in model.metrics or []
            ),
        }
