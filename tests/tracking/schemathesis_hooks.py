"""What the OpenAPI document of the server cannot say, for `schemathesis`."""

from __future__ import annotations

import schemathesis
from hypothesis import strategies as st

FIELDS = ["name", "externalId", "description", "`a-property`.string_value", "p"]
CONDITIONS = st.builds(
    "{} {} {}".format,
    st.sampled_from(FIELDS),
    st.sampled_from(["=", "!=", "LIKE"]),
    st.sampled_from(['"a"', "'b%'", '"it\'s"']),
)

schemathesis.openapi.format(
    "filter-query",
    st.one_of(
        CONDITIONS,
        st.builds("({}) OR {}".format, CONDITIONS, CONDITIONS),
        st.builds("{} AND createTimeSinceEpoch > {}".format, CONDITIONS, st.integers(0, 2**40)),
    ),
)
# A page's token is what a page before it gave.
schemathesis.openapi.format("page-token", st.just(""))


# What a search can look at, and what it can compare that with.
WHERE = [
    {"type": "attribute", "key": "name", "comparator": "LIKE", "value": "a%"},
    {"type": "attribute", "key": "id", "comparator": "!=", "value": "7"},
    {"type": "attribute", "key": "externalId", "comparator": "IN", "value": ["a", "b"]},
    {"type": "attribute", "key": "createTimeSinceEpoch", "comparator": ">", "value": 7},
    {"type": "tag", "key": "a tag", "comparator": "IS NULL"},
    {"type": "tag", "key": "a tag", "comparator": "=", "value": "it's"},
]
ORDER = [
    {"type": "attribute", "key": "createTimeSinceEpoch", "ascending": False},
    {"type": "attribute", "key": "name"},
    {"type": "tag", "key": "a tag"},
]


@schemathesis.hook
def map_case(_context, case):
    """Lets a search look at what there is. The number of its conditions is what was made up."""
    body = case.body
    if is_positive(case) and case.path.endswith("/search") and isinstance(body, dict):
        for member, known in (("where", WHERE), ("orderBy", ORDER)):
            if isinstance(body.get(member), list):
                body = {**body, member: known[: len(body[member])]}
        case.body = body
    return case


@schemathesis.hook
def filter_case(_context, case) -> bool:
    """Leaves out what a document takes for right or wrong, and is not."""
    query = case.query or {}
    if not is_positive(case):
        # A parameter without a value is one that is not there.
        return "" not in query.values()
    name = case.operation.definition.raw.get("operationId", "")
    if name.startswith("find"):
        parameters = {parameter.name for parameter in case.operation.query}
        # Names are unique only below a parent, where there is a parameter for it.
        named = query.get("name") and (
            "parentResourceId" not in parameters or query.get("parentResourceId")
        )
        return bool(query.get("externalId") or named)
    return is_possible(case.body)


def is_positive(case) -> bool:
    return case.meta is not None and case.meta.generation.mode.is_positive


def is_possible(body) -> bool:
    """A run does not end before it starts, and a metric is not made without a value."""
    if isinstance(body, list):
        return all(map(is_possible, body))
    if not isinstance(body, dict):
        return True
    start, end = body.get("startTimeSinceEpoch"), body.get("endTimeSinceEpoch")
    if start is not None and end is not None and int(end) < int(start):
        return False
    if body.get("artifactType") == "metric" and not body.get("id") and body.get("value") is None:
        return False
    return all(map(is_possible, body.values()))


@schemathesis.hook
def filter_failure(_context, failure, case, response) -> bool:
    """An artifact keeps its type, which only the server knows; upstream has this status for it."""
    if response.status_code != 400 or not is_positive(case):
        return True
    return "mismatched types" not in response.json()["message"]
