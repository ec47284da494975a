//! The form of a file with keys: TOML, one `[[keys]]` table a key.
//!
//! Errors name the entry (counted from 1) and the field, never what stands in it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use roentgen_model::Scope;
use roentgen_store::encryption::{KEY_BYTES, KeyId, KeyMaterial};
use toml::{Table, Value};

/// Aliases that begin so are the server's own.
const RESERVED_ALIASES: &str = "alias/aws/";

/// A key as it was read.
#[derive(Debug)]
pub(super) struct LocalKey {
    pub(super) id: KeyId,
    pub(super) alias: Option<String>,
    pub(super) arn: String,
    pub(super) is_enabled: bool,
    pub(super) material: Arc<KeyMaterial>,
}

impl LocalKey {
    pub(super) fn has_name(&self, name: &str) -> bool {
        self.alias.as_deref() == Some(name) || self.id.as_str() == name || self.arn == name
    }
}

/// What is wrong with a file of keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyFileError {
    path: PathBuf,
    /// Entry and field, as far as it is about one.
    place: Option<(usize, &'static str)>,
    reason: String,
}

impl std::error::Error for KeyFileError {}

impl fmt::Display for KeyFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "key file `{}`: ", self.path.display())?;
        if let Some((entry, field)) = self.place {
            write!(f, "key {entry}, `{field}`: ")?;
        }
        f.write_str(&self.reason)
    }
}

impl KeyFileError {
    pub(super) fn unreadable(path: &Path, error: &std::io::Error) -> Self {
        Self::whole(path, format!("cannot be read: {error}"))
    }

    fn whole(path: &Path, reason: String) -> Self {
        Self {
            path: path.to_owned(),
            place: None,
            reason,
        }
    }
}

/// Reads all keys. `is_own`: the server's own file, which alone has reserved aliases.
pub(super) fn parse(
    path: &Path,
    text: &str,
    scope: &Scope,
    is_own: bool,
) -> Result<Vec<LocalKey>, KeyFileError> {
    let whole = |reason: String| KeyFileError::whole(path, reason);
    // The error's own text shows the line, which may hold a secret.
    let table: Table = text.parse().map_err(|error: toml::de::Error| {
        let before = error.span().and_then(|span| text.get(..span.start));
        let line = before.map_or(1, |before| before.matches('\n').count() + 1);
        whole(format!("is not TOML at line {line}: {}", error.message()))
    })?;
    if let Some(other) = table.keys().find(|key| *key != "keys") {
        let other: String = other.chars().take(40).collect();
        return Err(whole(format!("`{other}` is unknown; expected `[[keys]]`")));
    }
    let entries = match table.get("keys") {
        None => &[][..],
        Some(Value::Array(entries)) => entries,
        Some(_) => return Err(whole("expected `[[keys]]`, one table a key".to_owned())),
    };
    let mut keys: Vec<LocalKey> = Vec::with_capacity(entries.len());
    for (number, entry) in (1..).zip(entries) {
        let wrong = |(field, reason): (&'static str, String)| KeyFileError {
            path: path.to_owned(),
            place: Some((number, field)),
            reason,
        };
        let key = key(entry, scope, is_own).map_err(wrong)?;
        if let Some((earlier, field)) = twin(&keys, &key) {
            return Err(wrong((field, format!("key {earlier} has the same"))));
        }
        keys.push(key);
    }
    Ok(keys)
}

/// An earlier key with a name of this one.
fn twin(keys: &[LocalKey], key: &LocalKey) -> Option<(usize, &'static str)> {
    (1..).zip(keys).find_map(|(number, earlier)| {
        let field = if earlier.id == key.id {
            "id"
        } else if earlier.alias.is_some() && earlier.alias == key.alias {
            "alias"
        } else if earlier.arn == key.arn {
            "arn"
        } else {
            return None;
        };
        Some((number, field))
    })
}

type Wrong = (&'static str, String);

fn key(entry: &Value, scope: &Scope, is_own: bool) -> Result<LocalKey, Wrong> {
    const FIELDS: [&str; 5] = ["id", "alias", "arn", "state", "material"];
    let Value::Table(table) = entry else {
        return Err(("keys", "expected a table".to_owned()));
    };
    if table.keys().any(|name| !FIELDS.contains(&name.as_str())) {
        let expected = FIELDS.map(|field| format!("`{field}`")).join(", ");
        return Err(("keys", format!("expected the fields {expected} only")));
    }
    let text = |field: &'static str| match table.get(field) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str())),
        Some(_) => Err((field, "expected a text".to_owned())),
    };
    let required = |field| text(field)?.ok_or((field, "is missing".to_owned()));
    let id: KeyId = required("id")?
        .parse()
        .map_err(|error| ("id", format!("{error}")))?;
    let alias = text("alias")?;
    if alias.is_some_and(|alias| !is_alias(alias, is_own)) {
        let reason = "expected `alias/` and a name that does not begin with `aws/`";
        return Err(("alias", reason.to_owned()));
    }
    let arn = match text("arn")? {
        None => format!("arn:aws:kms:{}:{}:key/{id}", scope.region, scope.account),
        Some(arn) if arn.starts_with("arn:") && arn.contains(":kms:") => arn.to_owned(),
        Some(_) => {
            let reason = "expected an ARN like `arn:aws:kms:us-east-1:000000000000:key/…`";
            return Err(("arn", reason.to_owned()));
        }
    };
    let is_enabled = match text("state")?.map(str::to_ascii_lowercase).as_deref() {
        None | Some("enabled") => true,
        Some("disabled") => false,
        Some(_) => return Err(("state", "expected `enabled` or `disabled`".to_owned())),
    };
    let material = STANDARD
        .decode(required("material")?)
        .map_err(|_| ("material", "expected base64".to_owned()))?;
    let found = material.len();
    let material: [u8; KEY_BYTES] = material.try_into().map_err(|_| {
        let reason = format!("expected {KEY_BYTES} bytes in base64, found {found}");
        ("material", reason)
    })?;
    Ok(LocalKey {
        id,
        alias: alias.map(str::to_owned),
        arn,
        is_enabled,
        material: Arc::new(KeyMaterial::new(material)),
    })
}

fn is_alias(alias: &str, is_own: bool) -> bool {
    let name = alias.strip_prefix("alias/");
    let is_reserved = alias.starts_with(RESERVED_ALIASES);
    name.is_some_and(|name| !name.is_empty()) && (is_own || !is_reserved)
}
