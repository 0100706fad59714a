//! A document beside what it says.

use super::document::Document;

/// A document and what it says.
#[derive(Debug)]
pub struct Entry<T> {
    /// As stored.
    pub document: Document,
    /// As read.
    pub parsed: T,
}
