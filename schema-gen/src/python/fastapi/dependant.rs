//! What an endpoint takes, with all that it depends on: `get_dependant` of
//! `fastapi/dependencies/utils.py` and `Dependant` of `fastapi/dependencies/models.py`.

use std::rc::Rc;

use crate::python::interp::Interp;
use crate::python::value::{Place, Value};

use super::class::is_instance;
use super::field::{Field, Kind};
use super::parameter::{self, Parameter};
use super::signature;
use super::text::path_names;

/// An unknown fact about what is taken.
#[derive(Clone)]
pub(crate) struct Gap {
    pub(crate) what: String,
    pub(crate) why: String,
    pub(crate) place: Option<Place>,
}

pub(crate) struct Dependant {
    pub(crate) call: Value,
    /// Path, query, header and cookie parameters, in the order of the signature.
    pub(crate) params: Vec<Rc<Field>>,
    pub(crate) body: Vec<Rc<Field>>,
    pub(crate) dependencies: Vec<Dependant>,
    /// The scopes that are asked for here, with those of what depends on it.
    pub(crate) scopes: Vec<Value>,
    own_scopes: bool,
    takes_scopes: bool,
    is_scheme: bool,
    uses_scopes: bool,
    /// `function` or `request`: when it ends.
    scope: Option<Rc<str>>,
    pub(crate) gaps: Vec<Gap>,
}

/// Dependencies deeper than this are taken to be endless.
const MAX_DEPTH: u32 = 64;

/// The endpoint's own, with the dependencies of its route before those of its signature.
pub(crate) fn of_endpoint(
    interp: &mut Interp,
    path: &str,
    endpoint: &Value,
    dependencies: &[Value],
) -> Dependant {
    let mut root = of_call(
        interp,
        path,
        endpoint,
        &Inherited {
            scope: Some(Rc::from("function")),
            ..Inherited::default()
        },
    );
    let mut before = Vec::new();
    for depends in dependencies {
        let depends = &interp.force(depends);
        let place = match depends {
            Value::Object(object) => object.place,
            _ => None,
        };
        if !is_instance(interp, depends, "fastapi.params.Depends") {
            let why = match depends {
                Value::Unknown(unknown) => unknown.why.clone(),
                _ => "it is no `Depends`".to_owned(),
            };
            root.gaps.push(Gap {
                what: "a dependency of the route".to_owned(),
                why,
                place,
            });
            continue;
        }
        let dependency = interp
            .attribute(depends, "dependency")
            .unwrap_or(Value::None);
        let inherited = Inherited {
            own: own_scopes(interp, depends),
            parent: Vec::new(),
            scope: depends_scope(interp, depends),
            depth: 1,
            place,
        };
        before.push(of_call(interp, path, &dependency, &inherited));
    }
    before.append(&mut root.dependencies);
    root.dependencies = before;
    root
}

#[derive(Default)]
struct Inherited {
    own: Vec<Value>,
    parent: Vec<Value>,
    scope: Option<Rc<str>>,
    depth: u32,
    place: Option<Place>,
}

fn own_scopes(interp: &mut Interp, depends: &Value) -> Vec<Value> {
    if !is_instance(interp, depends, "fastapi.params.Security") {
        return Vec::new();
    }
    let scopes = interp.attribute(depends, "scopes").unwrap_or(Value::None);
    if matches!(scopes, Value::None) {
        return Vec::new();
    }
    match interp.iterate(&scopes) {
        Ok(Some(scopes)) => scopes,
        _ => vec![Value::unknown("the scopes are not known", None)],
    }
}

fn depends_scope(interp: &mut Interp, depends: &Value) -> Option<Rc<str>> {
    match interp.attribute(depends, "scope") {
        Ok(Value::Str(scope)) => Some(scope),
        _ => None,
    }
}

fn of_call(interp: &mut Interp, path: &str, call: &Value, inherited: &Inherited) -> Dependant {
    let call = &interp.force(call);
    let mut scopes = inherited.parent.clone();
    for scope in &inherited.own {
        if !scopes.iter().any(|known| known.same(scope)) {
            scopes.push(scope.clone());
        }
    }
    let mut dependant = Dependant {
        call: call.clone(),
        params: Vec::new(),
        body: Vec::new(),
        dependencies: Vec::new(),
        scopes,
        own_scopes: !inherited.own.is_empty(),
        takes_scopes: false,
        is_scheme: is_instance(interp, call, "fastapi.security.SecurityBase"),
        uses_scopes: false,
        scope: inherited.scope.clone(),
        gaps: Vec::new(),
    };
    if dependant.scope.is_none() && signature::is_generator(interp, call) {
        dependant.scope = Some(Rc::from("request"));
    }
    if inherited.depth > MAX_DEPTH {
        dependant.gap(
            "a dependency",
            "dependencies are nested too deeply",
            inherited.place,
        );
        return dependant;
    }
    let Some(signature) = signature::signature(interp, call) else {
        let (what, why) = match call {
            Value::Unknown(unknown) => ("a dependency".to_owned(), unknown.why.clone()),
            other => (
                format!("dependency `{other:?}`"),
                "its source is not read".to_owned(),
            ),
        };
        dependant.gap(&what, &why, inherited.place);
        return dependant;
    };
    let names = path_names(path);
    // `current_scopes` of `get_dependant`: with repetitions, which `_get_oauth_scopes` takes out.
    let passed: Vec<Value> = inherited
        .parent
        .iter()
        .chain(&inherited.own)
        .cloned()
        .collect();
    for parameter in &signature.parameters {
        match parameter::analyse(interp, parameter, &names) {
            Parameter::Depends {
                depends,
                dependency,
            } => {
                let inherited = Inherited {
                    own: own_scopes(interp, &depends),
                    parent: passed.clone(),
                    scope: depends_scope(interp, &depends),
                    depth: inherited.depth + 1,
                    place: parameter.place,
                };
                dependant
                    .dependencies
                    .push(of_call(interp, path, &dependency, &inherited));
            }
            Parameter::Injected => {}
            Parameter::SecurityScopes => dependant.takes_scopes = true,
            Parameter::Field(field) if field.kind.is_body() => dependant.body.push(Rc::new(*field)),
            Parameter::Field(field) => dependant.params.push(Rc::new(*field)),
            Parameter::Unknown(why) => {
                dependant.gap(
                    &format!("parameter `{}`", parameter.name),
                    &why,
                    parameter.place,
                );
            }
        }
    }
    dependant.uses_scopes = dependant.own_scopes
        || dependant.takes_scopes
        || dependant.is_scheme
        || dependant
            .dependencies
            .iter()
            .any(|dependency| dependency.uses_scopes);
    dependant
}

impl Dependant {
    fn gap(&mut self, what: &str, why: &str, place: Option<Place>) {
        self.gaps.push(Gap {
            what: what.to_owned(),
            why: why.to_owned(),
            place,
        });
    }

    /// `_get_cache_key`: what is the same dependency is asked once.
    fn is_same(&self, other: &Self) -> bool {
        self.call.same(&other.call)
            && self.scope.as_deref().unwrap_or_default()
                == other.scope.as_deref().unwrap_or_default()
            && same_scopes(self.scopes_for_cache(), other.scopes_for_cache())
    }

    fn scopes_for_cache(&self) -> &[Value] {
        if self.uses_scopes { &self.scopes } else { &[] }
    }

    /// `_get_flat_body_params`: depth first, with repetitions.
    pub(crate) fn flat_body(&self) -> Vec<Rc<Field>> {
        let mut body = self.body.clone();
        for dependency in &self.dependencies {
            body.extend(dependency.flat_body());
        }
        body
    }

    /// Depth first, each dependency once: `_get_openapi_dependency_data`.
    pub(crate) fn flatten(&self) -> Flat {
        let mut flat = Flat::default();
        let mut visited = Vec::new();
        self.visit(&[], true, &mut visited, &mut flat);
        flat
    }

    fn visit<'a>(
        &'a self,
        parent: &[Value],
        is_root: bool,
        visited: &mut Vec<&'a Self>,
        flat: &mut Flat,
    ) {
        if visited.iter().any(|seen| seen.is_same(self)) {
            return;
        }
        visited.push(self);
        for field in &self.params {
            match field.kind {
                Kind::Path => &mut flat.path,
                Kind::Query => &mut flat.query,
                Kind::Header => &mut flat.header,
                _ => &mut flat.cookie,
            }
            .push(Rc::clone(field));
        }
        flat.gaps.extend(self.gaps.iter().cloned());
        let mut scopes = parent.to_vec();
        for scope in &self.scopes {
            if !scopes.iter().any(|known| known.same(scope)) {
                scopes.push(scope.clone());
            }
        }
        if !is_root && self.is_scheme {
            flat.security.push((self.call.clone(), scopes.clone()));
        }
        for dependency in &self.dependencies {
            dependency.visit(&scopes, false, visited, flat);
        }
    }
}

fn same_scopes(left: &[Value], right: &[Value]) -> bool {
    let within = |left: &[Value], right: &[Value]| {
        left.iter()
            .all(|one| right.iter().any(|other| one.same(other)))
    };
    within(left, right) && within(right, left)
}

/// All that a request to an endpoint carries beside its body.
#[derive(Default)]
pub(crate) struct Flat {
    pub(crate) path: Vec<Rc<Field>>,
    pub(crate) query: Vec<Rc<Field>>,
    pub(crate) header: Vec<Rc<Field>>,
    pub(crate) cookie: Vec<Rc<Field>>,
    /// Security schemes with the scopes that are asked of them.
    pub(crate) security: Vec<(Value, Vec<Value>)>,
    pub(crate) gaps: Vec<Gap>,
}
