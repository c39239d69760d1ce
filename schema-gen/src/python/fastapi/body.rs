//! What the body of a request must be: `_get_body_field` of `fastapi/dependencies/utils.py`.

use std::rc::Rc;

use serde_json::{Map, Value as Json};

use crate::python::interp::Interp;
use crate::python::pydantic::{self, FieldInfo, Mode};
use crate::python::syntax::Name;
use crate::python::value::{Made, Namespace, Value};
use crate::python::versions::Change;

use super::class::{annotate, is_none_type, model_type, union_members};
use super::describe::{self, Describer};
use super::field::{Extras, Field, Kind};

/// The one field that stands for the body.
pub(crate) struct Body {
    pub(crate) field: Rc<Field>,
    /// The name of a model that was made for it of form fields with models among them, and these:
    /// its schema is put together from theirs.
    pub(crate) form: Option<(String, Vec<Rc<Field>>)>,
}

/// `_should_embed_body_fields`.
fn should_embed(interp: &mut Interp, fields: &[Rc<Field>]) -> bool {
    let Some((first, rest)) = fields.split_first() else {
        return false;
    };
    if rest.iter().any(|field| field.name != first.name) {
        return true;
    }
    if first.kind.is_form() && !interp.rules.has(Change::FormModels) {
        return true;
    }
    let models = form_models(interp, first);
    if !models.is_empty()
        && rest.iter().any(|field| {
            form_models(interp, field).is_empty() || !field.annotation().same(&first.annotation())
        })
    {
        return true;
    }
    first.extras.embed
        || first.kind.is_form()
            && models.is_empty()
            && !pydantic::is_model(interp, &first.annotation())
}

/// `_get_form_models`: the models that a form may be.
fn form_models(interp: &mut Interp, field: &Field) -> Vec<Value> {
    if !field.kind.is_form() || field.extras.embed || describe::is_json(field) {
        return Vec::new();
    }
    let annotation = field.annotation();
    if let Some(model) = model_type(interp, &annotation) {
        return vec![model];
    }
    let Value::Union(_) = &annotation else {
        return Vec::new();
    };
    let models: Vec<Value> = union_members(&annotation)
        .iter()
        .filter(|member| !is_none_type(member))
        .map(describe::bare)
        .collect();
    if models.len() > 1 && models.iter().all(|model| pydantic::is_model(interp, model)) {
        models
    } else {
        Vec::new()
    }
}

fn is_nullable(field: &Field) -> bool {
    matches!(field.annotation(), Value::Union(items) if items.iter().any(is_none_type))
}

pub(crate) fn of(interp: &mut Interp, params: &[Rc<Field>], unique_id: &str) -> Option<Body> {
    let first = params.first()?;
    let embed = should_embed(interp, params);
    let has_models = params
        .iter()
        .any(|field| !form_models(interp, field).is_empty());
    let has_nullable_model = params
        .iter()
        .any(|field| is_nullable(field) && !form_models(interp, field).is_empty());
    if !embed && !has_nullable_model {
        return Some(Body {
            field: Rc::clone(first),
            form: None,
        });
    }
    let name = format!("Body_{unique_id}");
    let mut members = Vec::new();
    for (index, field) in params.iter().enumerate() {
        if !has_models {
            members.push((Rc::clone(&field.name), field.info.clone()));
            continue;
        }
        let mut info = field.info.clone();
        let alias: Name = Rc::from(format!("field_{index}"));
        for key in ["alias", "validation_alias", "serialization_alias"] {
            info.attributes
                .insert(Rc::from(key), Value::Str(Rc::clone(&alias)));
        }
        // A model that stands alone is wrapped in `Annotated`, and pydantic merges into that only
        // what was given at first.
        let is_model = pydantic::is_model(interp, &field.annotation())
            && !form_models(interp, field).is_empty();
        if info.text("title").is_none() && !is_model {
            let title = crate::python::library::title_case(&field.name.replace('_', " "));
            info.attributes
                .insert(Rc::from("title"), Value::str(&title));
        }
        members.push((alias, info));
    }
    let model = create_model(interp, &name, &members)?;
    let form = has_models.then(|| (name, params.to_vec()));
    if !embed {
        let mut info = first.info.clone();
        info.annotation = Some(model);
        info.metadata.clear();
        info.attributes.shift_remove("discriminator");
        let field = Field {
            name: Rc::clone(&first.name),
            kind: first.kind,
            info,
            mode: Mode::Validation,
            config: None,
            extras: first.extras.clone(),
            place: first.place,
        };
        return Some(Body {
            field: Rc::new(field),
            form,
        });
    }
    let kind = if params.iter().any(|field| field.kind == Kind::File) {
        Kind::File
    } else if params.iter().any(|field| field.kind == Kind::Form) {
        Kind::Form
    } else {
        Kind::Body
    };
    let mut extras = Extras::of_kind(kind);
    if kind != Kind::File {
        let mut types = params
            .iter()
            .filter(|field| kind == Kind::Body || field.kind.is_form())
            .map(|field| field.extras.media_type.clone());
        let multipart = Value::str("multipart/form-data");
        let all: Vec<Value> = types.by_ref().collect();
        if kind == Kind::Form && all.iter().any(|one| one.same(&multipart)) {
            extras.media_type = multipart;
        } else if let Some((first, rest)) = all.split_first()
            && rest.iter().all(|one| one.same(first))
        {
            extras.media_type = first.clone();
        }
    }
    let mut info = FieldInfo {
        annotation: Some(model),
        ..FieldInfo::default()
    };
    info.attributes
        .insert(Rc::from("alias"), Value::str("body"));
    if !params.iter().any(|field| field.info.is_required()) {
        info.default = Some(Value::None);
    }
    let field = Field {
        name: Rc::from("body"),
        kind,
        info,
        mode: Mode::Validation,
        config: None,
        extras,
        place: first.place,
    };
    Some(Body {
        field: Rc::new(field),
        form,
    })
}

/// `create_body_model` of `fastapi/_compat/v2.py`.
fn create_model(interp: &mut Interp, name: &str, members: &[(Name, FieldInfo)]) -> Option<Value> {
    let mut namespace = Namespace::default();
    namespace.insert(Rc::from("__module__"), Value::str("fastapi._compat.v2"));
    let mut annotations: Vec<(Name, Value)> = Vec::new();
    for (name, info) in members {
        let annotation = info
            .annotation
            .clone()
            .unwrap_or_else(|| Value::symbol("typing.Any"));
        // A parameter may be given twice: by two dependencies. The last one stands.
        annotations.retain(|(known, _)| known != name);
        annotations.push((Rc::clone(name), annotate(annotation, info.metadata.clone())));
        namespace.insert(Rc::clone(name), field_call(info));
    }
    let bases = vec![Value::symbol("pydantic.BaseModel")];
    interp
        .new_class(
            name,
            bases,
            namespace,
            annotations,
            Namespace::default(),
            None,
        )
        .ok()
}

/// The `Field(…)` that says what the info does.
fn field_call(info: &FieldInfo) -> Value {
    let mut kwargs: Namespace = info
        .attributes
        .iter()
        .map(|(name, value)| (Rc::clone(name), value.clone()))
        .collect();
    if let Some(default) = &info.default {
        kwargs.insert(Rc::from("default"), default.clone());
    }
    if let Some(factory) = &info.default_factory {
        kwargs.insert(Rc::from("default_factory"), factory.clone());
    }
    Value::Made(Rc::new(Made {
        callee: Value::symbol("pydantic.Field"),
        args: Vec::new(),
        kwargs,
        place: None,
        attributes: Default::default(),
    }))
}

/// `_apply_form_body_schema`: the schema of a form of which some fields are models, from the
/// schemas of its parameters.
pub(crate) fn form_schema(
    interp: &mut Interp,
    describer: &mut Describer,
    params: &[Rc<Field>],
    schema: &mut Map<String, Json>,
) {
    let Some(Json::Object(mut given)) = schema.shift_remove("properties") else {
        return;
    };
    schema.shift_remove("required");
    let (mut properties, mut required, mut conditions) =
        (Map::new(), Vec::<Json>::new(), Vec::new());
    for (index, param) in params.iter().enumerate() {
        let Some(mut one) = given.shift_remove(&format!("field_{index}")) else {
            continue;
        };
        let models = form_models(interp, param);
        if models.is_empty() {
            let Some((alias, _)) = describe::aliases(interp, param, false).into_iter().next()
            else {
                continue;
            };
            if properties.contains_key(&*alias) {
                conditions.push(object([("properties", object([(&alias, one)]))]));
            } else {
                properties.insert(alias.to_string(), one);
            }
            let alias = Json::from(&*alias);
            if param.info.is_required() && !required.contains(&alias) {
                required.push(alias);
            }
            continue;
        }
        if let Json::Object(one) = &mut one {
            one.shift_remove("default");
        }
        if is_nullable(param) {
            if let Some(Json::Array(choices)) = one.get_mut("anyOf") {
                choices.retain(|choice| choice.get("type") != Some(&Json::from("null")));
            }
            let absent = absent(interp, describer, &models);
            if param.info.is_required() {
                conditions.push(object([("not", absent)]));
            } else {
                one = object([("anyOf", Json::Array(vec![absent, one]))]);
            }
        }
        conditions.push(one);
    }
    if !properties.is_empty() {
        schema.insert("properties".to_owned(), Json::Object(properties));
    }
    if !required.is_empty() {
        schema.insert("required".to_owned(), Json::Array(required));
    }
    schema.insert("allOf".to_owned(), Json::Array(conditions));
}

/// The schema of a form with none of the models' fields.
fn absent(interp: &mut Interp, describer: &mut Describer, models: &[Value]) -> Json {
    let takes_more = models.iter().any(|model| {
        let extra = match interp.attribute(model, "model_config") {
            Ok(Value::Dict(config)) => config
                .borrow()
                .get(&crate::python::value::Key(Value::str("extra")))
                .cloned(),
            _ => None,
        };
        matches!(extra, Some(Value::Str(extra)) if matches!(&*extra, "allow" | "forbid"))
    });
    if takes_more {
        return object([("maxProperties", Json::from(0))]);
    }
    let mut names = Vec::new();
    for model in models {
        for field in describer.model_fields(interp, model).iter() {
            names.extend(
                describe::aliases(interp, field, false)
                    .into_iter()
                    .map(|(alias, _)| alias),
            );
        }
    }
    names.sort();
    names.dedup();
    if names.is_empty() {
        return Json::Object(Map::new());
    }
    let any = names
        .iter()
        .map(|name| object([("required", Json::Array(vec![Json::from(&**name)]))]))
        .collect();
    object([("not", object([("anyOf", Json::Array(any))]))])
}

fn object<const N: usize>(members: [(&str, Json); N]) -> Json {
    Json::Object(
        members
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    )
}
