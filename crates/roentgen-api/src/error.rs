//! The one table from what went wrong to what clients see (api.md "Errors").

use http::StatusCode;
use roentgen_control::{ControlError, PolicyRefusal};
use roentgen_model::filter::{EntitySelectorError, FilterError};
use roentgen_query::retrieval::TooManyRetrievals;
use roentgen_query::service_graph::GraphChanged;
use roentgen_query::token::TokenError;
use roentgen_store::source::{ErrorKind, StoreError};

/// Names of errors as the service spells them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    InvalidRequest,
    Throttled,
    ResourceNotFound,
    RuleLimitExceeded,
    TooManyTags,
    MalformedPolicyDocument,
    LockoutPrevention,
    InvalidPolicyRevisionId,
    PolicySizeLimitExceeded,
    PolicyCountLimitExceeded,
    AccessDenied,
    UnknownOperation,
    MethodNotAllowed,
    InternalFailure,
}

impl ErrorCode {
    /// The value of `x-amzn-ErrorType`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::InvalidRequest => "InvalidRequestException",
            Self::Throttled => "ThrottledException",
            Self::ResourceNotFound => "ResourceNotFoundException",
            Self::RuleLimitExceeded => "RuleLimitExceededException",
            Self::TooManyTags => "TooManyTagsException",
            Self::MalformedPolicyDocument => "MalformedPolicyDocumentException",
            Self::LockoutPrevention => "LockoutPreventionException",
            Self::InvalidPolicyRevisionId => "InvalidPolicyRevisionIdException",
            Self::PolicySizeLimitExceeded => "PolicySizeLimitExceededException",
            Self::PolicyCountLimitExceeded => "PolicyCountLimitExceededException",
            Self::AccessDenied => "AccessDeniedException",
            // A wrong method is an operation nobody knows, with its own status.
            Self::UnknownOperation | Self::MethodNotAllowed => "UnknownOperationException",
            Self::InternalFailure => "InternalFailure",
        }
    }

    /// The HTTP status.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::InvalidRequest
            | Self::RuleLimitExceeded
            | Self::TooManyTags
            | Self::MalformedPolicyDocument
            | Self::LockoutPrevention
            | Self::InvalidPolicyRevisionId
            | Self::PolicySizeLimitExceeded
            | Self::PolicyCountLimitExceeded => StatusCode::BAD_REQUEST,
            Self::AccessDenied => StatusCode::FORBIDDEN,
            Self::ResourceNotFound | Self::UnknownOperation => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Throttled => StatusCode::TOO_MANY_REQUESTS,
            Self::InternalFailure => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Errors of the service model say `Message`, those common to all services `message`.
    #[must_use]
    pub(crate) const fn message_member(self) -> &'static str {
        match self {
            Self::InvalidRequest
            | Self::Throttled
            | Self::ResourceNotFound
            | Self::RuleLimitExceeded
            | Self::TooManyTags
            | Self::MalformedPolicyDocument
            | Self::LockoutPrevention
            | Self::InvalidPolicyRevisionId
            | Self::PolicySizeLimitExceeded
            | Self::PolicyCountLimitExceeded => "Message",
            Self::AccessDenied
            | Self::UnknownOperation
            | Self::MethodNotAllowed
            | Self::InternalFailure => "message",
        }
    }
}

/// An error answer: an outer message for the caller, and an inner cause for our log only.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct ApiError {
    pub(crate) code: ErrorCode,
    pub(crate) message: String,
    /// `ResourceName` of the two errors that have it.
    pub(crate) resource_name: Option<String>,
    /// Where a filter expression is wrong; the console's API tells it in members of their own.
    pub(crate) filter: Option<FilterError>,
    #[source]
    pub(crate) cause: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl ApiError {
    /// An error with its message for the caller.
    #[must_use]
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            resource_name: None,
            filter: None,
            cause: None,
        }
    }

    /// `InvalidRequestException`.
    #[must_use]
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::InvalidRequest, message)
    }

    /// `InternalFailure`; the cause goes to our log, never to the caller.
    #[must_use]
    pub fn fault(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        let message = "the server could not answer; the cause is in its log under this request id";
        Self {
            cause: Some(cause.into()),
            ..Self::new(ErrorCode::InternalFailure, message)
        }
    }

    /// `ResourceName` of the answer.
    #[must_use]
    pub fn with_resource(mut self, name: impl Into<String>) -> Self {
        self.resource_name = Some(name.into());
        self
    }

    /// What kind of error clients see.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        self.code
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error.kind() {
            ErrorKind::Busy => Self {
                cause: Some(error.into()),
                ..Self::new(
                    ErrorCode::Throttled,
                    "the server is busy; send the request again later",
                )
            },
            ErrorKind::OverBound => Self::invalid(
                "the answer needs more memory than one request may use; ask for less at once",
            ),
            // All others, those of later stores included, are ours to look at.
            _ => Self::fault(error),
        }
    }
}

impl From<TokenError> for ApiError {
    fn from(error: TokenError) -> Self {
        Self::invalid(error.to_string())
    }
}

impl From<ControlError> for ApiError {
    fn from(error: ControlError) -> Self {
        match error {
            ControlError::Invalid(message) => Self::invalid(message),
            ControlError::RuleLimit { .. } => {
                Self::new(ErrorCode::RuleLimitExceeded, error.to_string())
            }
            ControlError::NoResource { ref name } => {
                Self::new(ErrorCode::ResourceNotFound, error.to_string()).with_resource(name)
            }
            ControlError::TooManyTags { ref arn, .. } => {
                Self::new(ErrorCode::TooManyTags, error.to_string()).with_resource(arn)
            }
            ControlError::Policy { refusal, message } => Self::new(refusal.into(), message),
            // Storage, damage, and what later versions add: ours to look at.
            _ => Self::fault(error),
        }
    }
}

impl From<PolicyRefusal> for ErrorCode {
    fn from(refusal: PolicyRefusal) -> Self {
        match refusal {
            PolicyRefusal::Malformed => Self::MalformedPolicyDocument,
            PolicyRefusal::Lockout => Self::LockoutPrevention,
            PolicyRefusal::Revision => Self::InvalidPolicyRevisionId,
            PolicyRefusal::Size => Self::PolicySizeLimitExceeded,
            PolicyRefusal::Count => Self::PolicyCountLimitExceeded,
        }
    }
}

impl From<FilterError> for ApiError {
    fn from(error: FilterError) -> Self {
        let message = error.to_string();
        Self {
            filter: Some(error),
            ..Self::invalid(message)
        }
    }
}

impl From<EntitySelectorError> for ApiError {
    fn from(error: EntitySelectorError) -> Self {
        Self::invalid(error.to_string())
    }
}

impl From<GraphChanged> for ApiError {
    fn from(error: GraphChanged) -> Self {
        Self::invalid(error.to_string())
    }
}

impl From<TooManyRetrievals> for ApiError {
    fn from(error: TooManyRetrievals) -> Self {
        Self::new(ErrorCode::Throttled, error.to_string())
    }
}
