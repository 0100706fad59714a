//! What goes into a statement and comes out of it: the four types both databases share.

use crate::error::StoreError;

/// One value. The order of two lists of values is the order in which locks are taken.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Value {
    Null,
    Int(i64),
    Text(String),
    Blob(Vec<u8>),
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<Vec<u8>> for Value {
    fn from(value: Vec<u8>) -> Self {
        Self::Blob(value)
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// The parameters of a statement, in the order of their numbers.
macro_rules! params {
    ($($value:expr),* $(,)?) => { vec![$($crate::value::Value::from($value)),*] };
}
pub(crate) use params;

/// One row, read from left to right.
#[derive(Debug)]
pub(crate) struct Row(std::vec::IntoIter<Value>);

/// A column is not of the type that was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WrongColumn;

impl WrongColumn {
    /// The row of `table` that it was found in.
    #[expect(
        clippy::unused_self,
        reason = "it turns into the error that names the row"
    )]
    pub(crate) fn at(self, table: &'static str, key: impl Into<String>) -> StoreError {
        StoreError::Corrupt {
            table,
            key: key.into(),
        }
    }
}

impl Row {
    pub(crate) fn new(columns: Vec<Value>) -> Self {
        Self(columns.into_iter())
    }

    /// The next column, an integer.
    pub(crate) fn int(&mut self) -> Result<i64, WrongColumn> {
        self.int_or_none()?.ok_or(WrongColumn)
    }

    /// The next column, an integer or null.
    pub(crate) fn int_or_none(&mut self) -> Result<Option<i64>, WrongColumn> {
        match self.0.next() {
            Some(Value::Int(value)) => Ok(Some(value)),
            Some(Value::Null) => Ok(None),
            Some(Value::Text(_) | Value::Blob(_)) | None => Err(WrongColumn),
        }
    }

    /// The next column, a text.
    pub(crate) fn text(&mut self) -> Result<String, WrongColumn> {
        self.text_or_none()?.ok_or(WrongColumn)
    }

    /// The next column, a text or null.
    pub(crate) fn text_or_none(&mut self) -> Result<Option<String>, WrongColumn> {
        match self.0.next() {
            Some(Value::Text(value)) => Ok(Some(value)),
            Some(Value::Null) => Ok(None),
            Some(Value::Int(_) | Value::Blob(_)) | None => Err(WrongColumn),
        }
    }

    /// The next column, bytes or null.
    pub(crate) fn blob_or_none(&mut self) -> Result<Option<Vec<u8>>, WrongColumn> {
        match self.0.next() {
            Some(Value::Blob(value)) => Ok(Some(value)),
            Some(Value::Null) => Ok(None),
            Some(Value::Int(_) | Value::Text(_)) | None => Err(WrongColumn),
        }
    }
}
