"""The scorer: what counts as the same, and that nothing else does."""

import copy

import pytest

from conformance.differences import Difference
from conformance.results import UNKNOWN, certain, differences
from conformance.schema_graph import LEVELS
from conformance.score import Tally, compare_documents, compare_schemas

from .mutations import MUTATIONS, Mutation


def reference(name: str) -> dict:
    return {"$ref": f"#/components/schemas/{name}"}


def json_of(schema: dict) -> dict:
    return {"application/json": {"schema": schema}}


INVALID = {"description": "Validation Error", "content": json_of(reference("HTTPValidationError"))}

# A service with one of each: a recursive model, a parameter that may be null, a body, security.
SERVICE = {
    "openapi": "3.1.0",
    "info": {"title": "Trees", "version": "1.0"},
    "paths": {
        "/trees/{name}": {
            "put": {
                "summary": "Plant",
                "operationId": "plant",
                "parameters": [
                    {
                        "name": "name",
                        "in": "path",
                        "required": True,
                        "schema": {"type": "string", "maxLength": 9, "title": "Name"},
                    },
                    {
                        "name": "depth",
                        "in": "query",
                        "required": False,
                        "schema": {
                            "anyOf": [{"type": "integer", "minimum": 0}, {"type": "null"}],
                            "title": "Depth",
                            "default": 3,
                        },
                    },
                ],
                "requestBody": {"required": True, "content": json_of(reference("Tree"))},
                "responses": {
                    "200": {"description": "OK", "content": json_of(reference("Tree"))},
                    "422": INVALID,
                },
            },
        },
        "/health": {
            "get": {"operationId": "health", "responses": {"200": {"description": "OK"}}},
        },
    },
    "components": {
        "schemas": {
            "Tree": {
                "type": "object",
                "title": "Tree",
                "required": ["name", "children"],
                "properties": {
                    "name": {"type": "string", "title": "Name"},
                    "children": {"type": "array", "items": reference("Tree"), "title": "Children"},
                },
            },
            "HTTPValidationError": {
                "type": "object",
                "title": "HTTPValidationError",
                "properties": {"detail": {"type": "array", "items": {"type": "object"}}},
            },
        },
    },
}


def test_a_document_is_itself():
    score = compare_documents(SERVICE, copy.deepcopy(SERVICE))
    assert score.whole == "bytes"
    assert score.exact == dict.fromkeys(LEVELS, 2)
    assert score.extra == 0
    assert all(t.expected == t.derived == t.exact for t in score.tallies["strict"].values())


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_mutations_are_seen_at_the_levels_that_they_concern(mutation: Mutation):
    changed = mutation.of(SERVICE)
    assert changed is not None
    score = compare_documents(SERVICE, changed)
    assert score.whole != "bytes"
    same = [level for level in LEVELS if score.exact[level] == score.total]
    assert tuple(same) == mutation.same_at
    for level in LEVELS:
        told = differences(SERVICE, changed, score, level)
        assert ("order" in told) == (score.whole == level == "strict")
        assert bool(told.keys() - {"order"}) == (
            level not in mutation.same_at or bool(score.extra) or renames(mutation)
        )


def renames(mutation: Mutation) -> bool:
    """Whether a mutation is of the document alone: its operations are the same."""
    return mutation.name == "the name of a component"


def test_a_recursive_schema_is_the_same_however_far_it_is_written_out():
    written_out = copy.deepcopy(SERVICE)
    tree = copy.deepcopy(written_out["components"]["schemas"]["Tree"])
    written_out["components"]["schemas"]["Tree"]["properties"]["children"]["items"] = tree
    assert compare_documents(SERVICE, written_out).whole == "strict"
    tree["properties"]["name"]["type"] = "integer"
    assert compare_documents(SERVICE, written_out).exact["core"] == 1


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"type": "number", "minimum": 1}, {"minimum": 1.0, "type": "number"}, True),
        ({"type": ["string", "null"]}, {"anyOf": [{"type": "null"}, {"type": "string"}]}, True),
        ({"allOf": [{"type": "string"}]}, {"type": "string"}, True),
        ({"const": True}, {"const": 1}, False),
        ({"enum": ["a", "b"]}, {"enum": ["b", "a"]}, False),
        ({"prefixItems": [True, False]}, {"prefixItems": [False, True]}, False),
        ({"properties": {"title": {}}}, {"properties": {}}, False),
        ({"$ref": "#/$defs/A", "$defs": {"A": {"$ref": "#/$defs/A"}}}, {"type": "string"}, False),
        ({"$ref": "#/$defs/None"}, {"$ref": "#/$defs/Other"}, False),
        (
            {"$ref": "#/$defs/A", "$defs": {"A": {"items": {"$ref": "#/$defs/A"}}}},
            {"$ref": "#/$defs/B", "$defs": {"B": {"items": {"items": {"$ref": "#/$defs/B"}}}}},
            True,
        ),
        (
            {
                "oneOf": [{"$ref": "#/$defs/A"}],
                "discriminator": {"propertyName": "k", "mapping": {"a": "#/$defs/A"}},
                "$defs": {"A": {"type": "object"}},
            },
            {
                "oneOf": [{"$ref": "#/$defs/B"}],
                "discriminator": {"propertyName": "k", "mapping": {"a": "#/$defs/B"}},
                "$defs": {"B": {"type": "object"}},
            },
            True,
        ),
    ],
)
def test_schemas_alone(one: dict, other: dict, same: bool):
    for a, b in ((one, other), (other, one)):
        assert compare_schemas(a, b).exact == dict.fromkeys(LEVELS, int(same))


def test_a_property_called_title_is_no_title():
    without = {"type": "object", "properties": {}}
    assert compare_schemas({**without, "properties": {"title": {}}}, without).exact["core"] == 0


@pytest.mark.parametrize(
    "answer", [None, [], "text", {"paths": []}, {"paths": {"/": {"get": {"responses": 1}}}}]
)
def test_an_answer_that_is_no_document_scores_nothing(answer: object):
    score = compare_documents(SERVICE, answer)
    assert score.exact == dict.fromkeys(LEVELS, 0)
    assert score.total == 2


def test_facts_are_counted_by_category():
    changed = copy.deepcopy(SERVICE)
    put = changed["paths"]["/trees/{name}"]["put"]
    put["parameters"][0]["schema"]["maxLength"] = 8
    del put["parameters"][1]
    tallies = compare_documents(SERVICE, changed).tallies["strict"]
    assert tallies["parameters"] == Tally(expected=2, derived=1, found=1, exact=0)
    assert tallies["constraints"] == Tally(expected=2, derived=1, found=0, exact=0)
    assert tallies["responses"] == Tally(expected=2, derived=2, found=2, exact=2)


def test_a_difference_is_told_with_its_place():
    changed = copy.deepcopy(SERVICE)
    changed["components"]["schemas"]["Tree"]["properties"]["name"]["type"] = "integer"
    told = differences(SERVICE, changed, compare_documents(SERVICE, changed), "strict")
    place = "components.schemas.Tree.properties.name.type"
    assert (
        Difference(place, "components schema type differs", "string", "integer") in told["document"]
    )
    [in_operation] = {difference.cause for difference in told["/trees/{name} put"]}
    assert in_operation.endswith("schema type differs")


def test_what_is_wrong_is_certain_unless_it_is_marked():
    changed = copy.deepcopy(SERVICE)
    name = changed["components"]["schemas"]["Tree"]["properties"]["name"]
    del name["type"]
    assert certain(changed, compare_documents(SERVICE, changed)) == ["PUT /trees/{name}"]
    name[UNKNOWN] = "decided at run time"
    assert certain(changed, compare_documents(SERVICE, changed)) == []
