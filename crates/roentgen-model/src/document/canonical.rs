//! The canonical form of a document and its fingerprint (segments.md 5): two documents that say the
//! same differ neither in member order nor in white space nor in escapes.

use sha2::{Digest, Sha256};

use super::json::{Kind, Value};

/// The first 16 bytes of the SHA-256 of the canonical form: members sorted by unescaped key (of a key
/// that comes twice the last), no white space, strings unescaped, number text kept.
pub(super) fn fingerprint(root: Value<'_>) -> u128 {
    let mut hash = Sha256::new();
    write(&mut hash, root);
    let digest = hash.finalize();
    let mut first = [0; 16];
    first
        .iter_mut()
        .zip(digest.iter())
        .for_each(|(to, from)| *to = *from);
    u128::from_be_bytes(first)
}

/// Recurses at most as deep as the tape's bound; the frame is small.
fn write(hash: &mut Sha256, value: Value<'_>) {
    match value.kind() {
        Kind::Null | Kind::Boolean | Kind::Number => hash.update(value.raw()),
        Kind::String => write_string(hash, value),
        Kind::Array => {
            hash.update("[");
            for element in value.elements() {
                write(hash, element);
                hash.update(",");
            }
            hash.update("]");
        }
        Kind::Object => {
            hash.update("{");
            for (key, member) in sorted_members(value) {
                write_string(hash, key);
                hash.update(":");
                write(hash, member);
                hash.update(",");
            }
            hash.update("}");
        }
    }
}

fn sorted_members(object: Value<'_>) -> Vec<(Value<'_>, Value<'_>)> {
    let mut members: Vec<_> = object.members().collect();
    members.sort_by_cached_key(|(key, _)| key.as_str());
    // The sort is stable, so the last of equal keys is the last sent.
    members.dedup_by(|later, kept| {
        let equal = later.0.as_str() == kept.0.as_str();
        if equal {
            *kept = *later;
        }
        equal
    });
    members
}

/// Length first, so that no content can look like structure.
fn write_string(hash: &mut Sha256, value: Value<'_>) {
    let text = value.as_str().unwrap_or_default();
    hash.update("\"");
    hash.update(text.len().to_le_bytes());
    hash.update(text.as_bytes());
}
