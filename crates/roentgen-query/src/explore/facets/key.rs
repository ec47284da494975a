//! The keys of facets, as the console's API spells them.

use std::fmt;
use std::sync::Arc;

/// What traces are counted by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum FacetKey {
    Service,
    Url,
    Method,
    Status,
    User,
    ResourceArn,
    Instance,
    Zone,
    ErrorRootCause,
    FaultRootCause,
    ResponseTimeRootCause,
    Exception,
    Annotation(Arc<str>),
}

const ANNOTATION: &str = "annotation.";

impl FacetKey {
    /// All but annotations.
    pub const FIXED: [Self; 12] = [
        Self::Service,
        Self::Url,
        Self::Method,
        Self::Status,
        Self::User,
        Self::ResourceArn,
        Self::Instance,
        Self::Zone,
        Self::ErrorRootCause,
        Self::FaultRootCause,
        Self::ResponseTimeRootCause,
        Self::Exception,
    ];

    /// The key spelt so; `annotation.` and the rest of the text is an annotation of any name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(name) = text.strip_prefix(ANNOTATION) {
            return (!name.is_empty()).then(|| Self::Annotation(name.into()));
        }
        Self::FIXED.into_iter().find(|key| key.name() == text)
    }

    fn name(&self) -> &str {
        match self {
            Self::Service => "service",
            Self::Url => "url",
            Self::Method => "method",
            Self::Status => "status",
            Self::User => "user",
            Self::ResourceArn => "resourceArn",
            Self::Instance => "instance",
            Self::Zone => "zone",
            Self::ErrorRootCause => "errorRootCause",
            Self::FaultRootCause => "faultRootCause",
            Self::ResponseTimeRootCause => "responseTimeRootCause",
            Self::Exception => "exception",
            Self::Annotation(name) => name,
        }
    }
}

impl fmt::Display for FacetKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if matches!(self, Self::Annotation(_)) {
            f.write_str(ANNOTATION)?;
        }
        f.write_str(self.name())
    }
}
