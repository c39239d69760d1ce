//! Snippets against what pydantic 2.14 says of them, order of keys included.

#![allow(clippy::unwrap_used, reason = "tests")]

use crate::{Entry, MemoryTree, Options, SchemaMode, schema};

/// The schema of a name of a module, and what was reported.
fn schema_of(source: &str, name: &str, mode: SchemaMode) -> (String, Vec<&'static str>) {
    let tree: MemoryTree = [("app/main.py", source)].into_iter().collect();
    let options = Options {
        roots: vec!["app".to_owned()],
        ..Options::default()
    };
    let entry = Entry::parse(&format!("app/main.py:{name}"));
    let (found, diagnostics) = schema(&tree, &entry, mode, &options);
    let text = found
        .map(|json| serde_json::to_string_pretty(&json).unwrap())
        .unwrap_or_default();
    (
        text,
        diagnostics
            .into_iter()
            .map(|diagnostic| diagnostic.code)
            .collect(),
    )
}

#[track_caller]
fn check(source: &str, name: &str, mode: SchemaMode, expected: &str) {
    let (text, reported) = schema_of(source, name, mode);
    assert_eq!(text, expected);
    assert!(reported.is_empty(), "{reported:?}");
}

#[test]
fn constraints_and_keys_of_fields() {
    check(
        r#"from decimal import Decimal
from typing import Annotated
from pydantic import BaseModel, Field, conlist

class M(BaseModel):
    """What it is."""

    a: int = Field(ge=1, lt=5, description="an a", examples=[2])
    b: Annotated[str, Field(max_length=3, pattern="^x")] | None = None
    c: conlist(int, min_length=1)
    d: Annotated[Decimal, Field(gt=0)] = Decimal("1.5")
"#,
        "M",
        SchemaMode::Validation,
        r##"{
  "description": "What it is.",
  "properties": {
    "a": {
      "description": "an a",
      "examples": [
        2
      ],
      "exclusiveMaximum": 5,
      "minimum": 1,
      "title": "A",
      "type": "integer"
    },
    "b": {
      "anyOf": [
        {
          "maxLength": 3,
          "pattern": "^x",
          "type": "string"
        },
        {
          "type": "null"
        }
      ],
      "default": null,
      "title": "B"
    },
    "c": {
      "items": {
        "type": "integer"
      },
      "minItems": 1,
      "title": "C",
      "type": "array"
    },
    "d": {
      "anyOf": [
        {
          "exclusiveMinimum": 0.0,
          "type": "number"
        },
        {
          "type": "string"
        }
      ],
      "default": "1.5",
      "title": "D"
    }
  },
  "required": [
    "a",
    "c"
  ],
  "title": "M",
  "type": "object"
}"##,
    );
}

#[test]
fn generic_models_are_named_after_their_parameters() {
    check(
        r#"from typing import Generic, List, Optional, TypeVar
from pydantic import BaseModel

T = TypeVar("T")

class Item(BaseModel):
    x: int

class Page(BaseModel, Generic[T]):
    items: List[T]
    next: Optional["Page[T]"] = None

class Uses(BaseModel):
    a: Page[Item]
    b: Page[List[int]]
"#,
        "Uses",
        SchemaMode::Validation,
        r##"{
  "$defs": {
    "Item": {
      "properties": {
        "x": {
          "title": "X",
          "type": "integer"
        }
      },
      "required": [
        "x"
      ],
      "title": "Item",
      "type": "object"
    },
    "Page_Item_": {
      "properties": {
        "items": {
          "items": {
            "$ref": "#/$defs/Item"
          },
          "title": "Items",
          "type": "array"
        },
        "next": {
          "anyOf": [
            {
              "$ref": "#/$defs/Page_Item_"
            },
            {
              "type": "null"
            }
          ],
          "default": null
        }
      },
      "required": [
        "items"
      ],
      "title": "Page[Item]",
      "type": "object"
    },
    "Page_List_int__": {
      "properties": {
        "items": {
          "items": {
            "items": {
              "type": "integer"
            },
            "type": "array"
          },
          "title": "Items",
          "type": "array"
        },
        "next": {
          "anyOf": [
            {
              "$ref": "#/$defs/Page_List_int__"
            },
            {
              "type": "null"
            }
          ],
          "default": null
        }
      },
      "required": [
        "items"
      ],
      "title": "Page[List[int]]",
      "type": "object"
    }
  },
  "properties": {
    "a": {
      "$ref": "#/$defs/Page_Item_"
    },
    "b": {
      "$ref": "#/$defs/Page_List_int__"
    }
  },
  "required": [
    "a",
    "b"
  ],
  "title": "Uses",
  "type": "object"
}"##,
    );
}

#[test]
fn unions_are_told_apart_by_a_field() {
    check(
        r#"from typing import Annotated, Literal, Union
from pydantic import BaseModel, Field

class Cat(BaseModel):
    kind: Literal["cat"]

class Dog(BaseModel):
    kind: Literal["dog", "wolf"] = "dog"

class Pets(BaseModel):
    pets: list[Annotated[Union[Cat, Dog], Field(discriminator="kind")]]
"#,
        "Pets",
        SchemaMode::Validation,
        r##"{
  "$defs": {
    "Cat": {
      "properties": {
        "kind": {
          "const": "cat",
          "title": "Kind",
          "type": "string"
        }
      },
      "required": [
        "kind"
      ],
      "title": "Cat",
      "type": "object"
    },
    "Dog": {
      "properties": {
        "kind": {
          "default": "dog",
          "enum": [
            "dog",
            "wolf"
          ],
          "title": "Kind",
          "type": "string"
        }
      },
      "title": "Dog",
      "type": "object"
    }
  },
  "properties": {
    "pets": {
      "items": {
        "discriminator": {
          "mapping": {
            "cat": "#/$defs/Cat",
            "dog": "#/$defs/Dog",
            "wolf": "#/$defs/Dog"
          },
          "propertyName": "kind"
        },
        "oneOf": [
          {
            "$ref": "#/$defs/Cat"
          },
          {
            "$ref": "#/$defs/Dog"
          }
        ]
      },
      "title": "Pets",
      "type": "array"
    }
  },
  "required": [
    "pets"
  ],
  "title": "Pets",
  "type": "object"
}"##,
    );
}

#[test]
fn serialisation_has_computed_fields_and_serializers() {
    check(
        r#"from pydantic import BaseModel, Field, computed_field, field_serializer

class M(BaseModel):
    x: int = 1
    hidden: str = Field("", exclude=True)

    @computed_field(alias="twice")
    @property
    def double(self) -> int:
        """Two of them."""
        return self.x * 2

    @field_serializer("x")
    def as_text(self, value) -> str:
        return str(value)
"#,
        "M",
        SchemaMode::Serialization,
        r##"{
  "properties": {
    "x": {
      "title": "X",
      "type": "string"
    },
    "twice": {
      "description": "Two of them.",
      "readOnly": true,
      "title": "Twice",
      "type": "integer"
    }
  },
  "required": [
    "twice"
  ],
  "title": "M",
  "type": "object"
}"##,
    );
}

#[test]
fn aliases_are_those_of_the_generator_unless_given() {
    check(
        r#"from pydantic import AliasChoices, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

class M(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", title="Em")

    some_name: int
    given: int = Field(alias="GIVEN")
    first: int = Field(validation_alias=AliasChoices("one", "two"))
"#,
        "M",
        SchemaMode::Validation,
        r##"{
  "additionalProperties": false,
  "properties": {
    "someName": {
      "title": "Somename",
      "type": "integer"
    },
    "GIVEN": {
      "title": "Given",
      "type": "integer"
    },
    "one": {
      "title": "One",
      "type": "integer"
    }
  },
  "required": [
    "someName",
    "GIVEN",
    "one"
  ],
  "title": "Em",
  "type": "object"
}"##,
    );
}

#[test]
fn definitions_of_one_name_get_longer_names() {
    check(
        r#"from pydantic import BaseModel

class A:
    class Same(BaseModel):
        x: int

class B:
    class Same(BaseModel):
        y: int

class Outer(BaseModel):
    a: A.Same
    b: B.Same
"#,
        "Outer",
        SchemaMode::Validation,
        r##"{
  "$defs": {
    "main__A__Same": {
      "properties": {
        "x": {
          "title": "X",
          "type": "integer"
        }
      },
      "required": [
        "x"
      ],
      "title": "Same",
      "type": "object"
    },
    "main__B__Same": {
      "properties": {
        "y": {
          "title": "Y",
          "type": "integer"
        }
      },
      "required": [
        "y"
      ],
      "title": "Same",
      "type": "object"
    }
  },
  "properties": {
    "a": {
      "$ref": "#/$defs/main__A__Same"
    },
    "b": {
      "$ref": "#/$defs/main__B__Same"
    }
  },
  "required": [
    "a",
    "b"
  ],
  "title": "Outer",
  "type": "object"
}"##,
    );
}

#[test]
fn methods_of_the_user_change_schemas() {
    check(
        r#"from typing import Annotated
from pydantic import BaseModel
from pydantic_core import core_schema

class Point:
    @classmethod
    def __get_pydantic_core_schema__(cls, source, handler):
        return core_schema.no_info_after_validator_function(cls, handler.generate_schema(tuple[int, int]))

    @classmethod
    def __get_pydantic_json_schema__(cls, schema, handler):
        json_schema = handler(schema)
        json_schema["description"] = "a point"
        return json_schema

class M(BaseModel):
    p: Point

    @classmethod
    def __get_pydantic_json_schema__(cls, schema, handler):
        json_schema = handler.resolve_ref_schema(handler(schema))
        json_schema["examples"] = [{"p": [1, 2]}]
        return json_schema
"#,
        "M",
        SchemaMode::Validation,
        r##"{
  "examples": [
    {
      "p": [
        1,
        2
      ]
    }
  ],
  "properties": {
    "p": {
      "description": "a point",
      "maxItems": 2,
      "minItems": 2,
      "prefixItems": [
        {
          "type": "integer"
        },
        {
          "type": "integer"
        }
      ],
      "title": "P",
      "type": "array"
    }
  },
  "required": [
    "p"
  ],
  "title": "M",
  "type": "object"
}"##,
    );
}

#[test]
fn plain_types() {
    check(
        r#"from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NamedTuple
from typing_extensions import TypedDict
from uuid import UUID
from datetime import timedelta
from pydantic import BaseModel, EmailStr, HttpUrl, SecretStr

class Color(Enum):
    """A color."""
    red = "r"
    two = 2

class Pair(NamedTuple):
    x: int
    y: str = "y"

class Keys(TypedDict, total=False):
    k: int

@dataclass
class Data:
    """Some data."""
    a: list[int] = field(default_factory=list)

class M(BaseModel):
    color: Color = Color.red
    pair: Pair
    keys: Keys
    data: Data
    id: UUID | None = None
    many: dict[str, set[float]] = {}
    any: Any = None
    mail: EmailStr
    url: HttpUrl = "https://example.com"
    secret: SecretStr = SecretStr("s")
    wait: timedelta = timedelta(minutes=1.5)
    pairs: tuple[int, ...] = (1, 2)
"#,
        "M",
        SchemaMode::Validation,
        r##"{
  "$defs": {
    "Color": {
      "description": "A color.",
      "enum": [
        "r",
        2
      ],
      "title": "Color"
    },
    "Data": {
      "description": "Some data.",
      "properties": {
        "a": {
          "items": {
            "type": "integer"
          },
          "title": "A",
          "type": "array"
        }
      },
      "title": "Data",
      "type": "object"
    },
    "Keys": {
      "properties": {
        "k": {
          "title": "K",
          "type": "integer"
        }
      },
      "title": "Keys",
      "type": "object"
    },
    "Pair": {
      "maxItems": 2,
      "minItems": 1,
      "prefixItems": [
        {
          "title": "X",
          "type": "integer"
        },
        {
          "default": "y",
          "title": "Y",
          "type": "string"
        }
      ],
      "type": "array"
    }
  },
  "properties": {
    "color": {
      "$ref": "#/$defs/Color",
      "default": "r"
    },
    "pair": {
      "$ref": "#/$defs/Pair"
    },
    "keys": {
      "$ref": "#/$defs/Keys"
    },
    "data": {
      "$ref": "#/$defs/Data"
    },
    "id": {
      "anyOf": [
        {
          "format": "uuid",
          "type": "string"
        },
        {
          "type": "null"
        }
      ],
      "default": null,
      "title": "Id"
    },
    "many": {
      "additionalProperties": {
        "items": {
          "type": "number"
        },
        "type": "array",
        "uniqueItems": true
      },
      "default": {},
      "title": "Many",
      "type": "object"
    },
    "any": {
      "default": null,
      "title": "Any"
    },
    "mail": {
      "format": "email",
      "title": "Mail",
      "type": "string"
    },
    "url": {
      "default": "https://example.com",
      "format": "uri",
      "maxLength": 2083,
      "minLength": 1,
      "title": "Url",
      "type": "string"
    },
    "secret": {
      "default": "**********",
      "format": "password",
      "title": "Secret",
      "type": "string",
      "writeOnly": true
    },
    "wait": {
      "default": "PT1M30S",
      "format": "duration",
      "title": "Wait",
      "type": "string"
    },
    "pairs": {
      "default": [
        1,
        2
      ],
      "items": {
        "type": "integer"
      },
      "title": "Pairs",
      "type": "array"
    }
  },
  "required": [
    "pair",
    "keys",
    "data",
    "mail"
  ],
  "title": "M",
  "type": "object"
}"##,
    );
}

#[test]
fn values_are_as_they_are_constructed() {
    check(
        r#"from typing import Any
from pydantic import BaseModel, Field, create_model

class In(BaseModel):
    x: int = 1
    y: list[str] = Field(default_factory=list, alias="Y")

value = In(x=3, Y=["a"])
Made = create_model("Made", __base__=In, z=(int, 2))

class M(BaseModel):
    whole: In = value
    dumped: Any = value.model_copy(update={"x": 4}).model_dump(by_alias=True)
    names: Any = list(Made.model_fields)
    schema_: Any = Made.model_json_schema()
"#,
        "M",
        SchemaMode::Validation,
        r##"{
  "$defs": {
    "In": {
      "properties": {
        "x": {
          "default": 1,
          "title": "X",
          "type": "integer"
        },
        "Y": {
          "items": {
            "type": "string"
          },
          "title": "Y",
          "type": "array"
        }
      },
      "title": "In",
      "type": "object"
    }
  },
  "properties": {
    "whole": {
      "$ref": "#/$defs/In",
      "default": {
        "x": 3,
        "Y": [
          "a"
        ]
      }
    },
    "dumped": {
      "default": {
        "x": 4,
        "Y": [
          "a"
        ]
      },
      "title": "Dumped"
    },
    "names": {
      "default": [
        "x",
        "y",
        "z"
      ],
      "title": "Names"
    },
    "schema_": {
      "default": {
        "properties": {
          "x": {
            "default": 1,
            "title": "X",
            "type": "integer"
          },
          "Y": {
            "items": {
              "type": "string"
            },
            "title": "Y",
            "type": "array"
          },
          "z": {
            "default": 2,
            "title": "Z",
            "type": "integer"
          }
        },
        "title": "Made",
        "type": "object"
      },
      "title": "Schema"
    }
  },
  "title": "M",
  "type": "object"
}"##,
    );
}

#[test]
fn a_name_that_a_library_makes_is_not_guessed() {
    let (text, reported) = schema_of(
        r#"from humps import camelize
from pydantic import BaseModel

class M(BaseModel):
    model_config = {"alias_generator": camelize}
    some_name: int
"#,
        "M",
        SchemaMode::Validation,
    );
    assert!(text.contains("x-hitchpost-unknown"), "{text}");
    assert!(reported.contains(&"unknown-schema"), "{reported:?}");
}

#[test]
fn generics_without_an_end_are_unknown() {
    let (text, reported) = schema_of(
        r#"from typing import Generic, TypeVar
from pydantic import BaseModel

T = TypeVar("T")

class Node(BaseModel, Generic[T]):
    child: "Node[list[T]] | None" = None

class M(BaseModel):
    node: Node[int]
"#,
        "M",
        SchemaMode::Validation,
    );
    assert!(text.contains("x-hitchpost-unknown"), "{}", text.len());
    assert!(reported.contains(&"unknown-schema"), "{reported:?}");
}

#[test]
fn types_and_values_that_hold_themselves_come_to_an_end() {
    let (text, reported) = schema_of(
        r#"from typing import Any, Dict, List, Union
from pydantic import BaseModel

JSON = Union[Dict[str, "JSON"], List["JSON"], str]
ring = []
ring.append(ring)

class M(BaseModel):
    a: JSON
    b: Any = ring
    c: "M | None" = None
    d: List["M"] = []
"#,
        "M",
        SchemaMode::Validation,
    );
    assert!(text.contains("the type JSON names itself"), "{text}");
    assert!(text.contains("the value is nested too deep"), "{text}");
    assert!(reported.contains(&"unknown-schema"), "{reported:?}");
}
