//! Parameters of a query.

use percent_encoding::percent_decode_str;
use serde::de::{DeserializeOwned, IntoDeserializer, value};

use super::{
    error::ApiError,
    parameter::{self, Parameter},
};
use crate::model::{ArtifactType, ListOptions, OrderByField, SortOrder};

/// A query's parameters, decoded. Of several with one name, the first counts, as upstream has it.
#[derive(Debug, Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads what stands after the `?`.
    ///
    /// # Errors
    /// 400 for an escape that gives no UTF-8, and for a null character.
    pub(crate) fn parse(text: Option<&str>) -> Result<Self, ApiError> {
        let pairs = text
            .unwrap_or_default()
            .split('&')
            .filter(|pair| !pair.is_empty());
        let pairs = pairs.map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decode(name).ok_or_else(|| ApiError::bad_request("the query is no UTF-8"))?;
            let value = decode(value).filter(|value| !value.contains('\0')).ok_or_else(|| {
                ApiError::bad_request(format!(
                    "Invalid {name} query parameter: it contains null bytes or is no UTF-8, which is not allowed"
                ))
            })?;
            Ok((name, value))
        });
        pairs.collect::<Result<_, _>>().map(Self)
    }

    /// A parameter's value; an empty one counts as absent.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(known, _)| known == name)?;
        Some(value.as_str()).filter(|value| !value.is_empty())
    }

    /// What a list is asked for, but of what.
    pub(crate) fn list_options(&self) -> Result<ListOptions, ApiError> {
        let text = |parameter: Parameter| self.text(parameter.name());
        let steps = self.get(Parameter::StepIds.name());
        Ok(ListOptions {
            parent: None,
            name: text(Parameter::Name),
            external_id: text(Parameter::ExternalId),
            artifact_type: self
                .word::<ArtifactType>(Parameter::ArtifactType, ArtifactType::WORDS)?,
            filter_query: text(Parameter::FilterQuery),
            page_size: self.size(Parameter::PageSize)?,
            order_by: self
                .word::<OrderByField>(Parameter::OrderBy, OrderByField::WORDS)?
                .unwrap_or_default(),
            sort_order: self
                .word::<SortOrder>(Parameter::SortOrder, SortOrder::WORDS)?
                .unwrap_or_default(),
            next_page_token: text(Parameter::NextPageToken),
            step_ids: steps.map(parameter::steps).transpose()?,
        })
    }

    pub(crate) fn size(&self, parameter: Parameter) -> Result<Option<i32>, ApiError> {
        let text = self.get(parameter.name());
        text.map(|text| parameter::size(parameter, text))
            .transpose()
    }

    pub(crate) fn word<T: DeserializeOwned>(
        &self,
        parameter: Parameter,
        words: &[&str],
    ) -> Result<Option<T>, ApiError> {
        let name = parameter.name();
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        T::deserialize(text.into_deserializer())
            .map(Some)
            .map_err(|_: value::Error| {
                let words = words.join("`, `");
                ApiError::bad_request(format!(
                    "invalid {name} `{text}`, expected one of `{words}`"
                ))
            })
    }

    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.get(name).map(str::to_owned)
    }
}

fn decode(text: &str) -> Option<String> {
    let text = text.replace('+', " ");
    let text = percent_decode_str(&text).decode_utf8().ok()?;
    Some(text.into_owned())
}
