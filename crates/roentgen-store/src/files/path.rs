//! Paths below the root of a disk.

use std::io;
use std::path::{Component, Path};

/// The names from the root down.
///
/// # Errors
/// [`io::ErrorKind::InvalidInput`] for a path that is absolute, leads up, or is not UTF-8.
pub(super) fn names(path: &Path) -> io::Result<Vec<&str>> {
    let mut names = Vec::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => {
                names.push(name.to_str().ok_or_else(|| refused(path))?);
            }
            Component::CurDir => {}
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => {
                return Err(refused(path));
            }
        }
    }
    Ok(names)
}

fn refused(path: &Path) -> io::Error {
    let message = format!(
        "expected a path below the data directory, found `{}`",
        path.display()
    );
    io::Error::new(io::ErrorKind::InvalidInput, message)
}
