//! The repository as the checks see it: the text files that git would commit.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// All text files that are tracked or would be added, by path with `/` from the root.
#[derive(Debug, Default)]
pub(super) struct Repository {
    files: Vec<File>,
}

/// One text file.
#[derive(Debug)]
pub(super) struct File {
    pub(super) path: String,
    pub(super) text: String,
}

impl Repository {
    /// Reads the work tree at `root`. Files that are not UTF-8 have an empty text.
    pub(super) fn read(root: &Path) -> Result<Repository> {
        let listing = Command::new("git")
            .current_dir(root)
            .args([
                "ls-files",
                "-z",
                "--cached",
                "--others",
                "--exclude-standard",
            ])
            .output()
            .context("start git")?;
        ensure!(
            listing.status.success(),
            "`git ls-files` ended with {}",
            listing.status
        );
        let listing = String::from_utf8(listing.stdout).context("decode the list of files")?;
        let mut files = Vec::new();
        for path in listing.split_terminator('\0') {
            // A file that is deleted but not yet committed is still listed.
            let Ok(bytes) = std::fs::read(root.join(path)) else {
                continue;
            };
            let text = String::from_utf8(bytes).unwrap_or_default();
            files.push(File {
                path: path.to_owned(),
                text,
            });
        }
        Ok(Repository { files })
    }

    /// Makes a repository of the given paths and texts.
    #[cfg(test)]
    pub(super) fn of(files: &[(&str, &str)]) -> Repository {
        let file = |&(path, text): &(&str, &str)| File {
            path: path.into(),
            text: text.into(),
        };
        Repository {
            files: files.iter().map(file).collect(),
        }
    }

    pub(super) fn files(&self) -> &[File] {
        &self.files
    }

    /// Returns the files whose path ends in `suffix`.
    pub(super) fn with_suffix(&self, suffix: &str) -> impl Iterator<Item = &File> {
        self.files
            .iter()
            .filter(move |file| file.path.ends_with(suffix))
    }

    /// Returns the text of the file at `path`.
    pub(super) fn text(&self, path: &str) -> Option<&str> {
        self.files
            .iter()
            .find(|file| file.path == path)
            .map(|file| file.text.as_str())
    }

    /// Whether `path` is a file, or a directory with a file in it.
    pub(super) fn contains(&self, path: &str) -> bool {
        let directory = format!("{}/", path.trim_end_matches('/'));
        self.files
            .iter()
            .any(|file| file.path == path || file.path.starts_with(&directory))
    }
}

impl File {
    /// Whether the file holds tests or what only tests use.
    pub(super) fn is_test(&self) -> bool {
        self.path.ends_with("/tests.rs")
            || self.path.starts_with("tests/")
            || self.path.contains("/tests/")
    }
}
