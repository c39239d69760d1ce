//! Fields and their schemas: all are asked for together, as their names depend on each other.

use std::collections::HashMap;
use std::rc::Rc;

use indexmap::IndexMap;
use serde_json::Value as Json;

use crate::python::interp::Interp;
use crate::python::pydantic::{self, Mode, SchemaRequest};
use crate::python::value::{Key, Place, Value};

use super::class::{annotated, model_type};
use super::encode;
use super::field::{Extras, Field, Kind};

/// Fields whose schemas are wanted, then the schemas.
#[derive(Default)]
pub(crate) struct Describer {
    fields: Vec<(Rc<Field>, Option<Place>)>,
    index: HashMap<*const Field, usize>,
    models: HashMap<Key, Rc<[Rc<Field>]>>,
    schemas: Vec<Json>,
    /// By name.
    pub(crate) definitions: IndexMap<String, Json>,
}

impl Describer {
    /// Wants the schema of a field of a route that stands there.
    pub(crate) fn ask(&mut self, field: &Rc<Field>, place: Option<Place>) {
        let next = self.fields.len();
        self.index.entry(Rc::as_ptr(field)).or_insert_with(|| {
            self.fields.push((Rc::clone(field), field.place.or(place)));
            next
        });
    }

    /// `get_definitions` of `fastapi/_compat/v2.py`.
    pub(crate) fn run(&mut self, interp: &mut Interp, separate_input_output: bool) {
        let requests: Vec<SchemaRequest> = self
            .fields
            .iter()
            .map(|(field, place)| SchemaRequest {
                info: field.info.clone(),
                mode: field.mode,
                config: field.config.clone(),
                place: *place,
            })
            .collect();
        let (schemas, definitions) =
            pydantic::definitions(interp, &requests, separate_input_output);
        self.schemas = schemas;
        self.definitions = definitions;
        for definition in self.definitions.values_mut() {
            if let Some(Json::String(description)) = definition.get_mut("description")
                && let Some(cut) = description.find('\u{c}')
            {
                description.truncate(cut);
            }
        }
    }

    /// `get_schema_from_model_field`: with the title that FastAPI gives.
    pub(crate) fn schema(&self, field: &Rc<Field>, alias: Option<&str>) -> Json {
        let Some(schema) = self
            .index
            .get(&Rc::as_ptr(field))
            .and_then(|index| self.schemas.get(*index))
        else {
            return Json::Null;
        };
        let mut schema = schema.clone();
        if let Json::Object(members) = &mut schema
            && !members.contains_key("$ref")
        {
            let title = match field.info.text("title").filter(|title| !title.is_empty()) {
                Some(title) => title.to_string(),
                None => {
                    let alias = alias.map_or_else(|| field.title_alias(), Rc::from);
                    crate::python::library::title_case(&alias).replace('_', " ")
                }
            };
            members.insert("title".to_owned(), Json::from(title));
        }
        schema
    }

    /// `_get_param_model` and `get_cached_model_fields`: the fields of the model that a parameter
    /// stands for; itself where it stands for no model.
    pub(crate) fn flat(&mut self, interp: &mut Interp, field: &Rc<Field>) -> Vec<Rc<Field>> {
        match param_model(interp, field) {
            Some(model) => self.model_fields(interp, &model).to_vec(),
            None => vec![Rc::clone(field)],
        }
    }

    pub(crate) fn model_fields(&mut self, interp: &mut Interp, model: &Value) -> Rc<[Rc<Field>]> {
        if let Some(fields) = self.models.get(&Key(model.clone())) {
            return Rc::clone(fields);
        }
        let config = interp
            .attribute(model, "model_config")
            .ok()
            .filter(|config| !config.is_unknown());
        let mut fields = Vec::new();
        for field in pydantic::fields(interp, model) {
            let annotation = field.info.annotation.clone().unwrap_or(Value::None);
            let has_own_config = pydantic::is_model(interp, &annotation)
                || annotation.is_symbol("builtins.dict")
                || pydantic::is_dataclass(interp, &annotation);
            let mut extras = Extras::of_kind(Kind::Plain);
            extras.convert_underscores = None;
            fields.push(Rc::new(Field {
                name: field.name,
                kind: Kind::Plain,
                info: field.info,
                mode: Mode::Validation,
                config: config.clone().filter(|_| !has_own_config),
                extras,
                place: None,
            }));
        }
        let fields: Rc<[Rc<Field>]> = fields.into();
        self.models.insert(Key(model.clone()), Rc::clone(&fields));
        fields
    }
}

/// `_is_json_field`.
pub(crate) fn is_json(field: &Field) -> bool {
    field.info.metadata.iter().any(|item| match item {
        Value::Symbol(symbol) => symbol.is("pydantic.Json"),
        Value::Made(made) => made.callee.is_symbol("pydantic.Json"),
        _ => false,
    })
}

/// `_get_param_model`.
pub(crate) fn param_model(interp: &mut Interp, field: &Field) -> Option<Value> {
    if is_json(field) {
        return None;
    }
    let annotation = field.annotation();
    match field.kind {
        Kind::Query | Kind::Header | Kind::Cookie => model_type(interp, &annotation),
        _ => pydantic::is_model(interp, &annotation).then_some(annotation),
    }
}

/// The names of a field in a request, the preferred first: `_get_param_aliases`. Each is the name
/// that validation looks for and the one that stands in the request.
pub(crate) fn aliases(
    interp: &mut Interp,
    field: &Field,
    convert_underscores: bool,
) -> Vec<(Rc<str>, Rc<str>)> {
    let dashed = |name: &str| {
        if convert_underscores {
            Rc::from(name.replace('_', "-"))
        } else {
            Rc::from(name)
        }
    };
    let alias = field.validation_alias();
    let in_request = if alias == field.name {
        dashed(&alias)
    } else {
        Rc::clone(&alias)
    };
    let mut aliases = vec![(alias, in_request)];
    let given = field.info.attribute("validation_alias");
    let called = |value: &Value, name: &str| matches!(value, Value::Made(made) if made.callee.is_symbol(name));
    if field.kind == Kind::Path || given.is_some_and(|given| called(given, "pydantic.AliasPath")) {
        return aliases;
    }
    if let Some(Value::Made(choices)) = given.filter(|given| called(given, "pydantic.AliasChoices"))
    {
        let texts: Vec<_> = choices.args.iter().filter_map(encode::text).collect();
        if texts.len() < choices.args.len() {
            return aliases;
        }
        aliases = texts
            .into_iter()
            .map(|choice| (Rc::clone(&choice), choice))
            .collect();
    }
    let mut flag = |name: &str| {
        let config = field.config.as_ref()?;
        let Value::Dict(members) = config else {
            return None;
        };
        let value = members.borrow().get(&Key(Value::str(name))).cloned()?;
        interp.truth(&value).ok().flatten()
    };
    if flag("validate_by_alias") == Some(false) {
        return vec![(Rc::clone(&field.name), dashed(&field.name))];
    }
    if flag("validate_by_name").or_else(|| flag("populate_by_name")) == Some(true)
        && !aliases.iter().any(|(alias, _)| *alias == field.name)
    {
        aliases.push((Rc::clone(&field.name), dashed(&field.name)));
    }
    aliases
}

/// The type without its metadata.
pub(crate) fn bare(value: &Value) -> Value {
    annotated(value).map_or_else(|| value.clone(), |(inner, _)| inner)
}
