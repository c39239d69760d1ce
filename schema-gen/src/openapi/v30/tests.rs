use serde_json::{Value, json};

use super::{MAX_DEPTH, openapi_v30};

fn with_schemas(schemas: &Value) -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {"title": "Shop", "version": "1"},
        "paths": {},
        "components": {"schemas": schemas},
    })
}

/// What a document becomes, and its losses as `place code`.
#[track_caller]
fn written(document: &Value) -> (Value, Vec<String>) {
    let done = openapi_v30(document).unwrap_or_else(|error| panic!("{error:?}: {document:#}"));
    let said = |loss: &super::Loss| {
        format!(
            "{} {}",
            loss.place,
            json!(loss.became).as_str().unwrap_or_default()
        )
    };
    (
        serde_json::to_value(&done.document).unwrap(),
        done.lost.iter().map(said).collect(),
    )
}

#[track_caller]
fn check(from: &Value, to: &Value, lost: &[&str]) {
    let (document, said) = written(&with_schemas(&json!({"S": from})));
    assert_eq!(document["components"]["schemas"]["S"], *to, "of {from}");
    let lost: Vec<String> = lost
        .iter()
        .map(|lost| format!("/components/schemas/S{lost}"))
        .collect();
    assert_eq!(said, lost, "of {from}");
}

#[test]
fn what_both_can_say_is_rewritten() {
    let reference = json!({"$ref": "#/components/schemas/S"});
    let cases = [
        (json!(true), json!({})),
        (json!(false), json!({"not": {}})),
        (
            json!({"type": ["string", "null"]}),
            json!({"type": "string", "nullable": true}),
        ),
        (
            json!({"type": "null"}),
            json!({"enum": [null], "nullable": true}),
        ),
        (
            json!({"type": ["string", "array", "null"], "minLength": 1}),
            json!({
                "minLength": 1, "nullable": true,
                "anyOf": [{"type": "string", "nullable": true}, {"type": "array", "items": {}}],
            }),
        ),
        (
            json!({"anyOf": [{"type": "string", "enum": ["a"], "title": "In"}, {"type": "null"}], "title": "Out"}),
            json!({"type": "string", "enum": ["a", null], "nullable": true, "title": "Out"}),
        ),
        (
            json!({"anyOf": [reference, {"type": "null"}], "description": "d"}),
            json!({"allOf": [reference], "nullable": true, "description": "d"}),
        ),
        (
            json!({"oneOf": [reference, {"type": "integer"}, {"type": "null"}]}),
            json!({"oneOf": [reference, {"type": "integer", "nullable": true}], "nullable": true}),
        ),
        // Null is ruled out beside the choice.
        (
            json!({"type": "string", "anyOf": [{"minLength": 1}, {"type": "null"}]}),
            json!({"type": "string", "anyOf": [{"minLength": 1}]}),
        ),
        (json!({"$ref": "#/components/schemas/S"}), reference.clone()),
        (
            json!({"$ref": "#/components/schemas/S", "deprecated": true}),
            json!({"allOf": [reference], "deprecated": true}),
        ),
        (
            json!({"const": "a", "type": "string"}),
            json!({"type": "string", "enum": ["a"]}),
        ),
        (
            json!({"type": "string", "examples": ["a"]}),
            json!({"type": "string", "example": "a"}),
        ),
        (
            json!({"type": "array"}),
            json!({"type": "array", "items": {}}),
        ),
        (
            json!({"type": "array", "prefixItems": [{"type": "string"}, {"type": "string"}], "minItems": 2, "maxItems": 2}),
            json!({"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 2}),
        ),
        (
            json!({"type": "integer", "exclusiveMinimum": 3, "maximum": 10.0, "exclusiveMaximum": 12}),
            json!({"type": "integer", "minimum": 3, "exclusiveMinimum": true, "maximum": 10}),
        ),
        (
            json!({"type": "integer", "maximum": 1e20, "enum": [18_446_744_073_709_551_615_u64]}),
            json!({"type": "integer", "maximum": 1e20, "enum": [18_446_744_073_709_551_615_u64]}),
        ),
        (
            json!({"type": "string", "contentMediaType": "application/octet-stream"}),
            json!({"type": "string", "format": "binary"}),
        ),
        (
            json!({"type": "string", "contentEncoding": "base64"}),
            json!({"type": "string", "format": "byte"}),
        ),
        (
            json!({"type": "object", "required": [], "additionalProperties": true}),
            json!({"type": "object", "additionalProperties": true}),
        ),
        (
            json!({"oneOf": [reference], "discriminator": {"propertyName": "kind", "mapping": {"s": "#/components/schemas/S"}}}),
            json!({"oneOf": [reference], "discriminator": {"propertyName": "kind", "mapping": {"s": "#/components/schemas/S"}}}),
        ),
        (
            json!({"x-hitchpost-unknown": "why"}),
            json!({"x-hitchpost-unknown": "why"}),
        ),
        (
            json!({"type": "integer", "minimum": {"x-hitchpost-unknown": "why"}}),
            json!({"type": "integer", "x-hitchpost-unknown-minimum": "why"}),
        ),
        (
            json!({"enum": ["a", {"x-hitchpost-unknown": "why"}]}),
            json!({"x-hitchpost-unknown-enum": "why"}),
        ),
    ];
    for (from, to) in cases {
        check(&from, &to, &[]);
    }
}

#[test]
fn what_cannot_be_said_is_reported() {
    check(
        &json!({"type": "array", "prefixItems": [{"type": "string"}, {"type": "null"}], "maxItems": 2}),
        &json!({"type": "array", "items": {"anyOf": [{"type": "string"}, {"enum": [null], "nullable": true}]}, "maxItems": 2}),
        &["/prefixItems any-position"],
    );
    check(
        &json!({"type": "array", "prefixItems": [{"type": "string"}]}),
        &json!({"type": "array", "items": {}}),
        &["/prefixItems any-position"],
    );
    check(
        &json!({"type": "string", "examples": [null, "a", "b"]}),
        &json!({"type": "string", "example": "a"}),
        &["/examples first-example"],
    );
    check(
        &json!({"type": "object", "patternProperties": {"^a": {"type": "string"}}, "additionalProperties": false, "propertyNames": {"maxLength": 3}}),
        &json!({"type": "object", "additionalProperties": {"type": "string"}}),
        &["/propertyNames wider", "/patternProperties wider"],
    );
    check(
        &json!({"if": {}, "then": {}, "unevaluatedProperties": false, "contentMediaType": "application/json", "extra": 1, "type": "string"}),
        &json!({"type": "string"}),
        &[
            "/if wider",
            "/then wider",
            "/unevaluatedProperties wider",
            "/extra no-such-field",
            "/contentMediaType no-such-field",
        ],
    );
    check(
        &json!({"type": "file", "minLength": -1, "default": null}),
        &json!({}),
        &["/default unfit", "/type unfit", "/minLength unfit"],
    );
}

#[test]
fn definitions_inside_schemas_become_components() {
    let (document, lost) = written(&with_schemas(&json!({
        "B": {"type": "string"},
        "A": {
            "$defs": {"B": {"type": "object", "properties": {"more": {"$ref": "#/$defs/B"}}}},
            "properties": {"b": {"$ref": "#/$defs/B"}},
        },
        "C": {"$ref": "#/components/schemas/A/$defs/B/properties/more"},
    })));
    let schemas = &document["components"]["schemas"];
    assert_eq!(
        schemas["A"],
        json!({"properties": {"b": {"$ref": "#/components/schemas/B_2"}}})
    );
    assert_eq!(
        schemas["C"],
        json!({"$ref": "#/components/schemas/B_2/properties/more"})
    );
    assert_eq!(schemas["B"], json!({"type": "string"}));
    assert_eq!(
        schemas["B_2"]["properties"]["more"],
        json!({"$ref": "#/components/schemas/B_2"})
    );
    assert!(lost.is_empty(), "{lost:?}");
}

/// A document with each kind of object in it.
fn full() -> Value {
    json!({
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {
            "title": "Shop", "version": "1", "summary": "Sells", "contact": {"name": "A", "url": "https://a.example"},
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "https://{at}.example", "variables": {"at": {"default": "a", "enum": ["a", "b"]}}}],
        "tags": [{"name": "t", "externalDocs": {"url": "https://docs.example"}}],
        "security": [{"cert": []}, {"flow": ["read"]}],
        "paths": {
            "/a/{id}": {
                "parameters": [{"$ref": "#/components/parameters/P"}],
                "get": {
                    "operationId": "get", "tags": ["t"], "deprecated": true, "security": [{"cert": []}, {"key": ["role"]}],
                    "parameters": [
                        {"name": "id", "in": "path", "required": true, "schema": {"type": "integer"}},
                        {"name": "q", "in": "query", "style": "form", "explode": false, "schema": {"type": "string"}, "examples": {"one": {"value": 1}}},
                        {"name": "c", "in": "cookie", "content": {"application/json": {"schema": {}}}},
                    ],
                    "responses": {
                        "200": {
                            "description": "ok",
                            "headers": {"X-A": {"schema": {"type": "string"}}},
                            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/S"}, "example": {"a": 1}}},
                            "links": {"next": {"operationId": "get", "parameters": {"id": "$response.body#/id"}}},
                        },
                        "4XX": {"$ref": "#/components/responses/R", "description": "beside"},
                    },
                    "callbacks": {"done": {"{$request.body#/url}": {"post": {"responses": {"default": {"description": ""}}}}}},
                },
                "post": {
                    "requestBody": {"required": true, "content": {"multipart/form-data": {
                        "schema": {"type": "object", "properties": {"f": {"type": "array", "items": {"type": "string", "format": "binary"}}}},
                        "encoding": {"f": {"style": "form", "explode": true}},
                        "itemSchema": {},
                    }}},
                },
                "query": {"responses": {}},
            },
            "/b": {"$ref": "#/components/pathItems/B"},
        },
        "webhooks": {"new": {"post": {"responses": {}}}},
        "components": {
            "schemas": {"S": {"type": "object", "properties": {"a": {"type": ["integer", "null"], "minimum": 1}}, "required": ["a"]}},
            "parameters": {"P": {"name": "h", "in": "header", "schema": {"type": "string"}}},
            "responses": {"R": {"description": "r"}},
            "pathItems": {"B": {"get": {"responses": {"200": {"description": "b"}}}}},
            "securitySchemes": {
                "cert": {"type": "mutualTLS"},
                "key": {"type": "apiKey", "name": "k", "in": "header"},
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                "oidc": {"type": "openIdConnect", "openIdConnectUrl": "https://oidc.example"},
                "flow": {"type": "oauth2", "flows": {
                    "password": {"tokenUrl": "token", "scopes": {"read": "r"}},
                    "implicit": {"authorizationUrl": "https://auth.example", "scopes": {}},
                    "authorizationCode": {"authorizationUrl": "https://auth.example", "tokenUrl": "t", "scopes": {}},
                }},
            },
        },
    })
}

#[test]
fn each_object_is_written() {
    let (document, lost) = written(&full());
    assert_eq!(
        lost,
        [
            "/jsonSchemaDialect no-such-field",
            "/info/summary no-such-field",
            "/info/license/identifier no-such-field",
            "/security/0 no-security",
            "/paths/~1a~1{id}/get/security/0 no-security",
            "/paths/~1a~1{id}/get/security/1/key no-such-field",
            "/paths/~1a~1{id}/get/responses/4XX/description no-such-field",
            "/paths/~1a~1{id}/post/requestBody/content/multipart~1form-data/itemSchema no-such-field",
            "/paths/~1a~1{id}/query no-such-field",
            "/webhooks no-such-field",
            "/components/pathItems no-such-field",
            "/components/securitySchemes/cert incomplete",
        ]
    );
    assert_eq!(document["openapi"], "3.0.3");
    assert_eq!(document["security"], json!([{"flow": ["read"]}]));
    let item = &document["paths"]["/a/{id}"];
    assert_eq!(item["get"]["security"], json!([{"key": []}]));
    assert_eq!(
        item["post"]["responses"],
        json!({"default": {"description": ""}})
    );
    let encoding = &item["post"]["requestBody"]["content"]["multipart/form-data"]["encoding"]["f"];
    assert_eq!(encoding["contentType"], "application/octet-stream");
    assert_eq!(
        document["paths"]["/b"]["get"]["responses"]["200"]["description"],
        "b"
    );
}

/// Calls with each place of a document in turn.
fn each_place(value: &mut Value, visit: &mut impl FnMut(&mut Value) -> bool) -> bool {
    // `visit` takes the first place that it is shown and that it did not take before.
    if visit(value) {
        return true;
    }
    match value {
        Value::Array(items) => items.iter_mut().any(|item| each_place(item, visit)),
        Value::Object(entries) => entries.values_mut().any(|entry| each_place(entry, visit)),
        _ => false,
    }
}

#[test]
fn anything_may_stand_anywhere() {
    let odd = [
        json!(null),
        json!(true),
        json!(-1.5),
        json!(""),
        json!([]),
        json!({}),
        json!([{}]),
        json!({"$ref": "#"}),
    ];
    let marker = json!({"x-hitchpost-unknown": "the reason"});
    for value in odd.iter().chain([&marker]) {
        for place in 0.. {
            let mut document = full();
            let mut seen = 0;
            let found = each_place(&mut document, &mut |at| {
                seen += 1;
                if seen == place + 1 {
                    *at = value.clone();
                }
                seen == place + 1
            });
            if !found {
                break;
            }
            if document.get("openapi").and_then(Value::as_str) != Some("3.1.0") {
                assert!(openapi_v30(&document).is_err());
                continue;
            }
            let (result, lost) = written(&document);
            if value == &marker {
                assert!(
                    result.to_string().contains("the reason") || !lost.is_empty(),
                    "{document:#}"
                );
            }
        }
    }
}

#[test]
fn unknowns_survive_where_no_object_may_stand() {
    let unknown = json!({"x-hitchpost-unknown": "why"});
    let (document, lost) = written(&json!({
        "openapi": "3.1.0",
        "info": {"title": unknown, "version": "1"},
        "paths": {"/a": {"get": unknown, "post": {
            "operationId": unknown, "tags": ["a", unknown], "parameters": [unknown], "requestBody": unknown,
            "responses": {"200": unknown, "201": {"description": "", "content": {"application/json": unknown}}},
        }}},
    }));
    assert_eq!(lost, [""; 0]);
    assert_eq!(document["info"]["x-hitchpost-unknown-title"], "why");
    assert_eq!(document["paths"]["/a"]["get"]["x-hitchpost-unknown"], "why");
    let post = &document["paths"]["/a"]["post"];
    assert_eq!(post["tags"], json!(["a"]));
    for field in ["operationId", "tags", "parameters"] {
        assert_eq!(
            post[format!("x-hitchpost-unknown-{field}")],
            "why",
            "{field}"
        );
    }
    assert_eq!(
        post["requestBody"],
        json!({"content": {"*/*": {}}, "x-hitchpost-unknown": "why"})
    );
    assert_eq!(post["responses"]["200"]["x-hitchpost-unknown"], "why");
    assert_eq!(
        post["responses"]["201"]["content"]["application/json"],
        json!({"x-hitchpost-unknown": "why"})
    );
}

#[test]
fn nesting_has_a_bound() {
    let mut schema = json!({});
    for _ in 0..3 * MAX_DEPTH {
        schema = json!({"items": schema, "type": "array"});
    }
    let (_, lost) = written(&with_schemas(&json!({"S": schema})));
    assert_eq!(lost.len(), 1);
    assert!(lost[0].ends_with("too-deep"), "{lost:?}");
    // A path item that is its own.
    let (_, lost) = written(&json!({
        "openapi": "3.1.0", "info": {"title": "", "version": ""},
        "paths": {"/a": {"$ref": "#/paths/~1a"}},
    }));
    assert_eq!(lost.len(), 1);
}

#[test]
fn another_document_is_refused() {
    for (document, saying) in [
        (json!({}), "missing"),
        (json!({"openapi": "2.0"}), "`\"2.0\"`"),
        (json!([]), "missing"),
    ] {
        let error = openapi_v30(&document).unwrap_err();
        assert!(error.to_string().ends_with(saying), "{error}");
    }
}
