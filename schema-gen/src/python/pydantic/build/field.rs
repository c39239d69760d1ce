//! Fields, computed fields, serializers and parameters.

use std::rc::Rc;

use serde_json::json;

use crate::python::interp::Interp;
use crate::python::syntax::{Name, ParameterKind};
use crate::python::value::{Unknown, Value};

use super::Builder;
use crate::python::pydantic::config::Config;
use crate::python::pydantic::field::FieldInfo;
use crate::python::pydantic::model::{self, Decorated, Decorators};
use crate::python::pydantic::read::{argument, is_undefined, made, made_of};
use crate::python::pydantic::schema::{
    Alias, Argument, ComputedField, Field, Kind, Metadata, Schema, Serialization, object,
};
use crate::python::pydantic::{ModelField, annotate, generic};

impl Builder<'_, '_> {
    pub(super) fn fields(
        &mut self,
        fields: &[ModelField],
        decorators: &Decorators,
    ) -> Vec<(Name, Field)> {
        fields
            .iter()
            .map(|field| {
                let (schema, metadata) = self.field(&field.name, &field.info, decorators);
                (
                    Rc::clone(&field.name),
                    finished(&field.info, schema, metadata),
                )
            })
            .collect()
    }

    /// `_common_field_schema`
    pub(in crate::python::pydantic) fn field(
        &mut self,
        name: &Name,
        info: &FieldInfo,
        decorators: &Decorators,
    ) -> (Schema, Metadata) {
        let mut annotations = info.metadata.clone();
        for validator in decorators
            .field_validators
            .values()
            .filter(|validator| validator.is_for(name))
        {
            annotations.push(validator_annotation(validator));
        }
        self.context.fields.push(Rc::clone(name));
        let annotation = info
            .annotation
            .clone()
            .unwrap_or_else(|| Value::symbol("typing.Any"));
        let mut schema = annotate::apply(
            self,
            &annotation,
            &annotations,
            info.attribute("discriminator"),
        );
        self.context.fields.pop();
        schema = with_default(info, schema);
        let serializers: Vec<&Decorated> = decorators
            .field_serializers
            .values()
            .filter(|serializer| serializer.is_for(name))
            .collect();
        if let Some(serializer) = serializers.last() {
            schema = self.field_serialized(schema, serializer);
        }
        (schema, annotate::field_metadata(self.interp, info))
    }

    pub(super) fn field_serialized(&mut self, schema: Schema, serializer: &Decorated) -> Schema {
        let mut schema = self.defined(schema);
        schema.serialization = Some(Rc::new(self.serialization(serializer)));
        schema
    }

    pub(super) fn serialization(&mut self, serializer: &Decorated) -> Serialization {
        let plain = serializer.mode("plain") == "plain";
        let returns = self.return_type(serializer);
        let returns = returns.map(|returns| self.node(&returns));
        let when = match serializer.keyword("when_used") {
            Some(Value::Str(when)) => Rc::clone(when),
            _ => Rc::from("always"),
        };
        Serialization::Function {
            plain,
            takes_info: false,
            function: inner_function(&serializer.function),
            returns,
            unless_none: matches!(&*when, "unless-none" | "json-unless-none"),
        }
    }

    /// `return_type=` or the annotation of what a function returns.
    pub(super) fn return_type(&mut self, decorated: &Decorated) -> Option<Value> {
        match decorated.keyword("return_type") {
            Some(given) if !is_undefined(given) => Some(given.clone()),
            _ => {
                let function = inner_function(&decorated.function);
                returned(self.interp, &function)
            }
        }
    }

    pub(super) fn computed(
        &mut self,
        decorators: &mut Decorators,
        settings: &Config,
        map: &generic::TypeVars,
    ) -> Vec<ComputedField> {
        let all: Vec<Decorated> = decorators.computed_fields.values().cloned().collect();
        let mut built = Vec::new();
        for computed in all {
            let name = Rc::clone(&computed.name);
            let returns = match self.return_type(&computed) {
                Some(returns) => {
                    let returns = generic::substitute(self.interp, &returns, map);
                    self.schema(&returns)
                }
                None => self.unknown(format!("the computed field {name} has no return type")),
            };
            let serializers: Vec<&Decorated> = decorators
                .field_serializers
                .values()
                .filter(|serializer| serializer.is_for(&name))
                .collect();
            let returns = match serializers.last() {
                Some(serializer) => self.field_serialized(returns, serializer),
                None => returns,
            };
            let mut info = FieldInfo::default();
            for (key, value) in computed.mark.iter().flat_map(|mark| mark.kwargs.iter()) {
                info.attributes.insert(Rc::clone(key), value.clone());
            }
            let function = inner_function(&computed.function);
            if info.attribute("description").is_none() {
                let text = match &function {
                    Value::Function(function) => function.docstring.borrow().clone(),
                    _ => None,
                };
                if let Some(text) = text.filter(|text| !text.is_empty()) {
                    info.set(
                        "description",
                        Value::str(&crate::python::library::clean_docstring(&text)),
                    );
                }
            }
            if info.attribute("deprecated").is_none() {
                let deprecated = match &function {
                    Value::Function(function) => {
                        function.attributes.borrow().get("__deprecated__").cloned()
                    }
                    _ => None,
                };
                if let Some(deprecated) = deprecated {
                    info.set("deprecated", deprecated);
                }
            }
            self.computed_alias(&mut info, settings, &name);
            let mut metadata = annotate::field_metadata(self.interp, &info);
            let updates = std::mem::take(&mut metadata.updates);
            metadata.updates = object([("readOnly", json!(true))]);
            metadata.updates.extend(updates);
            built.push(ComputedField {
                alias: info.text("alias"),
                excluded_if: info.attribute("exclude_if").is_some(),
                name,
                returns: returns.node(),
                metadata,
            });
        }
        built
    }

    pub(super) fn computed_alias(&mut self, info: &mut FieldInfo, settings: &Config, name: &Name) {
        let generator = info
            .attribute("field_title_generator")
            .or_else(|| settings.get("field_title_generator"))
            .cloned();
        if let (Some(generator), None) = (generator, info.attribute("title")) {
            let given = made("pydantic.ComputedFieldInfo", Vec::new(), Vec::new());
            let title = model::call(
                self.interp,
                &generator,
                vec![Value::Str(Rc::clone(name)), given],
            );
            info.set("title", title);
        }
        let Some(generator) = settings.get("alias_generator").cloned() else {
            return;
        };
        let priority = match (info.attribute("alias_priority"), info.attribute("alias")) {
            (Some(Value::Int(priority)), Some(_)) => Some(*priority),
            (_, Some(_)) => Some(2),
            _ => None,
        };
        if priority.is_none_or(|priority| priority <= 1) {
            let [alias, _, serialization] = model::generated_aliases(self.interp, &generator, name);
            if let Some(alias) = serialization.or(alias) {
                info.set("alias", alias);
            }
        }
    }

    pub(super) fn serialized(&mut self, schema: &mut Schema, decorators: &Decorators) {
        if let Some(serializer) = decorators.model_serializers.values().last() {
            schema.serialization = Some(Rc::new(self.serialization(serializer)));
        }
    }

    /// A field whose own `FieldInfo` is metadata of its type.
    pub(super) fn parameter(&mut self, info: &FieldInfo) -> Schema {
        let annotation = info
            .annotation
            .clone()
            .unwrap_or_else(|| Value::symbol("typing.Any"));
        let mut schema = annotate::apply(
            self,
            &annotation,
            &info.metadata,
            info.attribute("discriminator"),
        );
        let metadata = annotate::field_metadata(self.interp, info);
        annotate::update_metadata(&mut schema.metadata, metadata);
        with_default(info, schema)
    }

    pub(super) fn call(&mut self, function: &Value) -> Schema {
        let Some(signature) = self.interp.signature(function) else {
            return self.unknown("the signature of the function is not known");
        };
        let mut parameters = Vec::new();
        let (mut var_args, mut var_kwargs) = (None, None);
        for parameter in signature.parameters {
            let annotation = parameter
                .annotation
                .unwrap_or_else(|| Value::symbol("typing.Any"));
            match parameter.kind {
                ParameterKind::VarPositional => var_args = Some(self.node(&annotation)),
                ParameterKind::VarKeyword => var_kwargs = Some(self.node(&annotation)),
                kind => {
                    let info = match &parameter.default {
                        Some(default) => {
                            FieldInfo::from_annotated_attribute(self.interp, &annotation, default)
                        }
                        None => FieldInfo::from_annotation(self.interp, &annotation),
                    };
                    let schema = self.parameter(&info).node();
                    parameters.push(Argument {
                        name: parameter.name,
                        schema,
                        positional: kind != ParameterKind::KeywordOnly,
                        keyword: kind != ParameterKind::PositionalOnly,
                        alias: info.text("validation_alias"),
                    });
                }
            }
        }
        Schema::new(Kind::Arguments {
            parameters,
            var_args,
            var_kwargs,
        })
    }
}

/// The function that decorators and descriptors wrap.
pub(in crate::python::pydantic) fn inner_function(value: &Value) -> Value {
    match value {
        Value::Descriptor(descriptor) => inner_function(&descriptor.function),
        Value::Made(_) => match model::peel(value) {
            Some((_, _, function)) => inner_function(function),
            None => match made_of(value) {
                Some((
                    "functools.lru_cache" | "functools.cache" | "functools.cached_property",
                    made,
                )) => argument(made, 0, "func").map_or_else(|| value.clone(), inner_function),
                _ => value.clone(),
            },
        },
        _ => value.clone(),
    }
}

/// `get_callable_return_type`: a class returns instances of it.
pub(in crate::python::pydantic) fn returned(
    interp: &mut Interp,
    function: &Value,
) -> Option<Value> {
    match function {
        Value::Class(_) | Value::Generic(_) => Some(function.clone()),
        Value::Symbol(symbol)
            if symbol
                .0
                .chars()
                .next_back()
                .is_some_and(char::is_alphabetic) =>
        {
            let is_type = matches!(
                &*symbol.0,
                "builtins.str"
                    | "builtins.int"
                    | "builtins.float"
                    | "builtins.bool"
                    | "builtins.list"
                    | "builtins.dict"
                    | "builtins.set"
                    | "builtins.tuple"
                    | "builtins.bytes"
                    | "builtins.frozenset"
            );
            is_type.then(|| function.clone())
        }
        _ => interp.signature(function)?.returns,
    }
}

/// A decorated validator as the annotation that it acts as.
pub(super) fn validator_annotation(validator: &Decorated) -> Value {
    let class = match validator.mode("after") {
        "before" => "pydantic.BeforeValidator",
        "wrap" => "pydantic.WrapValidator",
        "plain" => "pydantic.PlainValidator",
        _ => "pydantic.AfterValidator",
    };
    let mut kwargs = vec![("func", validator.function.clone())];
    if let Some(input) = validator.keyword("json_schema_input_type") {
        kwargs.push(("json_schema_input_type", input.clone()));
    }
    made(class, Vec::new(), kwargs)
}

/// `wrap_default`
pub(in crate::python::pydantic) fn with_default(info: &FieldInfo, schema: Schema) -> Schema {
    if info.default_factory.is_some() {
        return Schema::new(Kind::Default {
            schema: schema.node(),
            default: None,
        });
    }
    match info
        .default
        .clone()
        .filter(|default| !is_undefined(default))
    {
        Some(default) => Schema::new(Kind::Default {
            schema: schema.node(),
            default: Some(default),
        }),
        None => schema,
    }
}

/// A field of what its `FieldInfo` says.
pub(super) fn finished(info: &FieldInfo, schema: Schema, metadata: Metadata) -> Field {
    let unknown_alias = ["validation_alias", "serialization_alias"]
        .iter()
        .filter_map(|name| info.attribute(name))
        .find(|alias| alias_of(alias).is_none())
        .map(|alias| match alias {
            Value::Unknown(unknown) => Rc::clone(unknown),
            other => Rc::new(Unknown {
                why: format!("the alias {other:?} is not known"),
                place: None,
            }),
        });
    Field {
        unknown_alias,
        schema: schema.node(),
        validation_alias: info.attribute("validation_alias").and_then(alias_of),
        serialization_alias: info.text("serialization_alias"),
        excluded: info.is_true("exclude"),
        excluded_if: info.attribute("exclude_if").is_some(),
        required: None,
        keyword_only: info.is_true("kw_only"),
        metadata,
    }
}

/// `_convert_to_aliases`
pub(super) fn alias_of(value: &Value) -> Option<Alias> {
    match value {
        Value::Str(name) => Some(Alias::Name(Rc::clone(name))),
        _ => match made_of(value)? {
            ("pydantic.AliasPath", made) => Some(Alias::Choices(vec![path_name(&made.args)])),
            ("pydantic.AliasChoices", made) => Some(Alias::Choices(
                made.args
                    .iter()
                    .map(|choice| match choice {
                        Value::Str(name) => Some(Rc::clone(name)),
                        _ => match made_of(choice) {
                            Some(("pydantic.AliasPath", path)) => path_name(&path.args),
                            _ => None,
                        },
                    })
                    .collect(),
            )),
            _ => None,
        },
    }
}

/// A path of one name.
pub(super) fn path_name(args: &[Value]) -> Option<Rc<str>> {
    match args {
        [Value::Str(name)] => Some(Rc::clone(name)),
        _ => None,
    }
}
