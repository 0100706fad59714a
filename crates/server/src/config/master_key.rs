//! The master key's text: 32 bytes in base64.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cardea_jose::{SealingKey, Secret};

/// Reads a master key file.
pub fn read_sealing_key(path: &Path) -> Result<SealingKey, String> {
    let named = |why: String| format!("the master key file {}: {why}", path.display());
    let text = fs::read_to_string(path)
        .map(Secret::new)
        .map_err(|error| named(error.to_string()))?;
    sealing_key(text.expose()).map_err(|why| named(why.to_owned()))
}

/// Reads the key's text.
pub(super) fn sealing_key(text: &str) -> Result<SealingKey, &'static str> {
    const WRONG: &str = "not 32 bytes in base64 (`openssl rand -base64 32`)";
    let bytes = STANDARD
        .decode(text.trim())
        .map(Secret::new)
        .map_err(|_| WRONG)?;
    let bytes: &[u8; 32] = bytes.expose().as_slice().try_into().map_err(|_| WRONG)?;
    if bytes.iter().all(|byte| Some(byte) == bytes.first()) {
        return Err("32 times the same byte is not a key");
    }
    Ok(SealingKey::from_bytes(bytes))
}

/// The text that a master key file holds.
pub fn sealing_key_text(key: &SealingKey) -> Secret<String> {
    Secret::new(format!("{}\n", STANDARD.encode(key.to_bytes().expose())))
}
