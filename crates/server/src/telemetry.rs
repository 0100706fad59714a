//! What the process says while it runs: events on standard error. Never a secret.

use std::io;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, fmt};

/// How events are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Whether the text is a level, or levels by module (`info,cardea_store=debug`). A word alone is
/// a level: the library would take it for a module's name and say everything about it.
pub fn is_level(text: &str) -> bool {
    let is_word = |word: &str| word.parse::<LevelFilter>().is_ok();
    let part = |part: &str| match part.split_once('=') {
        None => is_word(part),
        Some((module, level)) => !module.is_empty() && is_word(level),
    };
    text.split(',').all(|each| part(each.trim())) && text.parse::<Targets>().is_ok()
}

/// Begins. A second call changes nothing: the first one's choice stays.
pub fn start(level: &str, format: Format) {
    let filter: Targets = level.parse().unwrap_or_else(|_| Targets::new());
    let text = (format == Format::Text).then(|| {
        fmt::layer()
            .with_writer(io::stderr)
            .with_ansi(false)
            .with_filter(filter.clone())
    });
    let json = (format == Format::Json).then(|| {
        fmt::layer()
            .json()
            .with_writer(io::stderr)
            .with_filter(filter)
    });
    drop(
        tracing_subscriber::registry()
            .with(text)
            .with(json)
            .try_init(),
    );
}
