//! Request and result shapes of the protocol (api.md "Wire protocol" and "Structures").

pub(crate) mod body;
pub(crate) mod members;
pub(crate) mod numbers;
