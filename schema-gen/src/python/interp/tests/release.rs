//! An evaluation leaves nothing behind.

use std::any::Any;
use std::rc::{Rc, Weak};

use crate::analysis::on_large_stack;
use crate::python::fastapi::of_application;
use crate::python::interp::Interp;
use crate::python::value::Value;
use crate::{MemoryTree, Options};

const SERVICE: &str = r#"
from __future__ import annotations

import functools
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Generic, TypeVar

from fastapi import APIRouter, Depends, FastAPI, Query
from pydantic import BaseModel, Field, create_model

T = TypeVar("T")
type Tree = list[Tree | int]


class Kind(Enum):
    small = "small"
    large = "large"


class Node(BaseModel):
    kind: Kind = Kind.small
    children: list[Node] = []
    tree: Tree = Field(default_factory=list)


class Page(BaseModel, Generic[T]):
    items: list[T]
    next: "Page[T] | None" = None


@dataclass
class Filter:
    name: str
    inner: Filter | None = None


class Registry(type):
    made = {}

    def __call__(cls, *args):
        cls.made[cls] = super().__call__(*args)
        return cls.made[cls]


class Service(metaclass=Registry):
    def __init__(self):
        self.itself = self
        self.method = self.get

    def get(self):
        return self

    @property
    def name(self):
        return "x"


def remember(function):
    calls = []

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        calls.append(wrapper)
        return function(*args, **kwargs)

    return wrapper


@remember
def known():
    return [known]


known()
loop = []
loop.append(loop)
service = Service()
Made = create_model("Made", node=(Node, ...))
router = APIRouter()


@router.get("/nodes", response_model=Page[Node])
def nodes(limit: Annotated[int, Query(gt=0)], found=Depends(known)):
    pass


@router.post("/made")
def make(body: Made, filter: Filter) -> Node:
    pass


app = FastAPI()
app.include_router(router, prefix="/v1")
"#;

#[test]
fn nothing_is_left() {
    on_large_stack(|| {
        let tree: MemoryTree = [("app/main.py", SERVICE)].into_iter().collect();
        let options = Options {
            roots: vec!["app".to_owned()],
            ..Options::default()
        };
        let mut interp = Interp::new(&tree, &options);
        let module = interp.run_file("app/main.py", "main").expect("it runs");
        let app = module.scope.names.borrow().get("app").cloned();
        let app = app.expect("an app");
        let (contract, _) = of_application(&mut interp, &app).expect("a contract");
        assert_eq!(contract.operations.len(), 2);
        let mut alive: Vec<(String, Weak<dyn Any>)> = Vec::new();
        for (name, module) in &interp.modules {
            for (own, value) in module.scope.names.borrow().iter() {
                let value: Weak<dyn Any> = match value {
                    Value::Function(it) => Rc::downgrade(&(Rc::clone(it) as Rc<dyn Any>)),
                    Value::Class(it) => Rc::downgrade(&(Rc::clone(it) as Rc<dyn Any>)),
                    Value::Object(it) => Rc::downgrade(&(Rc::clone(it) as Rc<dyn Any>)),
                    Value::List(it) => Rc::downgrade(&(Rc::clone(it) as Rc<dyn Any>)),
                    Value::Dict(it) => Rc::downgrade(&(Rc::clone(it) as Rc<dyn Any>)),
                    _ => continue,
                };
                alive.push((format!("{name}.{own}"), value));
            }
            let scope = Rc::clone(&module.scope) as Rc<dyn Any>;
            alive.push((name.to_string(), Rc::downgrade(&scope)));
        }
        assert!(alive.len() > 150, "{}", alive.len());
        drop((interp, module, app));
        alive.retain(|(_, value)| value.strong_count() > 0);
        let left: Vec<_> = alive.iter().map(|(name, _)| name).collect();
        assert!(left.is_empty(), "{left:?}");
    })
    .expect("it does not panic");
}
