//! Statements that are put together, with everything that comes from outside as a parameter.

use sqlx::{
    Any, AnyConnection, AssertSqlSafe, any::AnyArguments, any::AnyRow, query, query::Query,
};

use super::error::StoreError;

/// What differs between the two databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Backend {
    Sqlite,
    Postgres,
}

impl Backend {
    /// A text in a column of JSON; the name is one of ours.
    pub(crate) fn text_of(self, column: &str, name: &str) -> String {
        match self {
            Self::Sqlite => format!("({column} ->> '{name}')"),
            // As all texts: compared by its bytes.
            Self::Postgres => format!("(({column}::json ->> '{name}') COLLATE \"C\")"),
        }
    }
}

/// A parameter's value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Bind {
    Text(Option<String>),
    Integer(Option<i64>),
    Number(Option<f64>),
}

impl From<String> for Bind {
    fn from(text: String) -> Self {
        Self::Text(Some(text))
    }
}

impl From<&str> for Bind {
    fn from(text: &str) -> Self {
        Self::Text(Some(text.to_owned()))
    }
}

impl From<i64> for Bind {
    fn from(integer: i64) -> Self {
        Self::Integer(Some(integer))
    }
}

impl From<f64> for Bind {
    fn from(number: f64) -> Self {
        Self::Number(Some(number))
    }
}

/// A statement with its parameters.
#[derive(Debug, Clone)]
pub(crate) struct Sql {
    pub(crate) backend: Backend,
    text: String,
    binds: Vec<Bind>,
}

impl Sql {
    pub(crate) fn new(backend: Backend, text: &str) -> Self {
        Self {
            backend,
            text: text.to_owned(),
            binds: Vec::new(),
        }
    }

    /// Appends text of our own.
    pub(crate) fn push(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Puts text of our own in front.
    pub(crate) fn prepend(&mut self, text: &str) {
        self.text.insert_str(0, text);
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Appends a parameter.
    pub(crate) fn bind(&mut self, value: impl Into<Bind>) -> &mut Self {
        let parameter = self.parameter(value);
        self.push(&parameter)
    }

    /// A parameter, to be appended where it is needed, and as often.
    pub(crate) fn parameter(&mut self, value: impl Into<Bind>) -> String {
        let value = value.into();
        let number = self.binds.len() + 1;
        let double = matches!(value, Bind::Number(_));
        self.binds.push(value);
        match self.backend {
            // SQLite finds a parameter by its number at once, and one that is named `$1` by search.
            Backend::Sqlite => format!("?{number}"),
            // Statements are kept by their text, with the types of their first parameters: where
            // an integer may stand, a double has to look different.
            Backend::Postgres if double => format!("CAST(${number} AS DOUBLE PRECISION)"),
            Backend::Postgres => format!("${number}"),
        }
    }

    /// Appends `(a, b, …)` of parameters.
    pub(crate) fn bind_all<T: Into<Bind>>(&mut self, values: impl IntoIterator<Item = T>) {
        for (position, value) in values.into_iter().enumerate() {
            self.push(if position == 0 { "(" } else { ", " });
            self.bind(value);
        }
        self.push(")");
    }

    /// Appends `(a, b, …)` of parameters to a statement that has no others: SQLite, to find out
    /// what a parameter is called, goes through all that have a number.
    fn bind_row(&mut self, row: impl IntoIterator<Item = Bind>) {
        if self.backend == Backend::Postgres {
            return self.bind_all(row);
        }
        for (position, value) in row.into_iter().enumerate() {
            self.push(if position == 0 { "(?" } else { ", ?" });
            self.binds.push(value);
        }
        self.push(")");
    }

    fn query(&self) -> Query<'_, Any, AnyArguments> {
        let mut statement = query(AssertSqlSafe(self.text.as_str()));
        for bind in &self.binds {
            statement = match bind {
                Bind::Text(text) => statement.bind(text.as_deref()),
                Bind::Integer(integer) => statement.bind(*integer),
                Bind::Number(Some(number)) => statement.bind(*number),
                // sqlx 0.9.0 takes the NULLs of doubles and floats for each other.
                Bind::Number(None) => statement.bind(None::<f32>),
            };
        }
        statement
    }

    pub(crate) async fn execute(&self, connection: &mut AnyConnection) -> Result<u64, StoreError> {
        Ok(self.query().execute(connection).await?.rows_affected())
    }

    pub(crate) async fn all(
        &self,
        connection: &mut AnyConnection,
    ) -> Result<Vec<AnyRow>, StoreError> {
        Ok(self.query().fetch_all(connection).await?)
    }

    pub(crate) async fn optional(
        &self,
        connection: &mut AnyConnection,
    ) -> Result<Option<AnyRow>, StoreError> {
        Ok(self.query().fetch_optional(connection).await?)
    }

    /// What it stands for, where an insert may break a rule of uniqueness.
    pub(crate) async fn insert(
        &self,
        connection: &mut AnyConnection,
    ) -> Result<Option<AnyRow>, sqlx::Error> {
        self.query().fetch_optional(connection).await
    }
}

/// How many rows one statement writes. The text of a full one is always the same, so that it is
/// prepared once.
const ROWS: usize = 128;

/// Inserts rows, all of the same columns. `tail` says what to do about those that exist. When one
/// cannot be inserted, those before it may have been: the change has to fail as a whole.
pub(crate) async fn insert_rows<const N: usize>(
    connection: &mut AnyConnection,
    backend: Backend,
    into: &str,
    rows: impl IntoIterator<Item = [Bind; N]>,
    tail: &str,
) -> Result<(), StoreError> {
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        // SQLite would copy every page that it changes, to undo the one statement.
        let mut sql = Sql::new(
            backend,
            match backend {
                Backend::Sqlite => "INSERT OR FAIL INTO ",
                Backend::Postgres => "INSERT INTO ",
            },
        );
        sql.push(into).push(" VALUES ");
        for (position, row) in rows.by_ref().take(ROWS).enumerate() {
            if position > 0 {
                sql.push(", ");
            }
            sql.bind_row(row);
        }
        sql.push(tail).execute(connection).await?;
    }
    Ok(())
}
