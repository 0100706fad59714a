//! An HTTP request as it came, before anything of it is believed.

/// The parts of an HTTP request that are read.
#[derive(Debug, Clone, Copy)]
pub struct Raw<'a> {
    /// The query string.
    pub query: Option<&'a str>,
    /// `Authorization`.
    pub authorization: Option<&'a str>,
    /// `Content-Type`.
    pub content_type: Option<&'a str>,
    /// The body.
    pub body: &'a [u8],
}
