//! Numbers that stand for enumerations in the files. Never renumbered.

use roentgen_model::assembly::facts::{
    Class, EntityKind, LinkReference, Namespace, NodeKind, Parent,
};
use roentgen_model::graph::RowKind;

pub(super) const fn of_entity_kind(kind: EntityKind) -> u8 {
    match kind {
        EntityKind::Segment => 0,
        EntityKind::Subsegment => 1,
        EntityKind::Inferred => 2,
    }
}

pub(super) const fn entity_kind(code: u8) -> Option<EntityKind> {
    match code {
        0 => Some(EntityKind::Segment),
        1 => Some(EntityKind::Subsegment),
        2 => Some(EntityKind::Inferred),
        _ => None,
    }
}

pub(super) const fn of_namespace(namespace: Namespace) -> u8 {
    match namespace {
        Namespace::Aws => 0,
        Namespace::Remote => 1,
    }
}

pub(super) const fn namespace(code: u8) -> Option<Namespace> {
    match code {
        0 => Some(Namespace::Aws),
        1 => Some(Namespace::Remote),
        _ => None,
    }
}

pub(super) const fn of_node_kind(kind: NodeKind) -> u8 {
    match kind {
        NodeKind::Real => 0,
        NodeKind::Inferred => 1,
        NodeKind::Client => 2,
    }
}

pub(super) const fn of_link_reference(reference: LinkReference) -> u8 {
    match reference {
        LinkReference::Parent => 0,
        LinkReference::Child => 1,
    }
}

pub(super) const fn link_reference(code: u8) -> Option<LinkReference> {
    match code {
        0 => Some(LinkReference::Parent),
        1 => Some(LinkReference::Child),
        _ => None,
    }
}

pub(super) const fn of_row_kind(kind: RowKind) -> u8 {
    match kind {
        RowKind::RealNode => 0,
        RowKind::InferredNode => 1,
        RowKind::Call => 2,
        RowKind::Client => 3,
        RowKind::Link => 4,
    }
}

pub(super) const fn row_kind(code: u8) -> Option<RowKind> {
    match code {
        0 => Some(RowKind::RealNode),
        1 => Some(RowKind::InferredNode),
        2 => Some(RowKind::Call),
        3 => Some(RowKind::Client),
        4 => Some(RowKind::Link),
        _ => None,
    }
}

pub(super) const fn of_class(class: Class) -> u8 {
    match class {
        Class::Ok => 0,
        Class::Error => 1,
        Class::Throttle => 2,
        Class::Fault => 3,
    }
}

pub(super) const fn class(code: u8) -> Option<Class> {
    match code {
        0 => Some(Class::Ok),
        1 => Some(Class::Error),
        2 => Some(Class::Throttle),
        3 => Some(Class::Fault),
        _ => None,
    }
}

/// No `parent_id`.
const PARENT_NONE: i32 = -1;
/// A `parent_id` that is no entity of the trace.
const PARENT_UNKNOWN: i32 = -2;

/// `None`: an ordinal beyond 2^31, which no trace of at most 64 MB has.
pub(super) fn of_parent(parent: Parent) -> Option<i32> {
    match parent {
        Parent::None => Some(PARENT_NONE),
        Parent::Unknown => Some(PARENT_UNKNOWN),
        Parent::Entity(ordinal) => i32::try_from(ordinal).ok(),
    }
}

pub(super) fn parent(code: i32) -> Option<Parent> {
    match code {
        PARENT_NONE => Some(Parent::None),
        PARENT_UNKNOWN => Some(Parent::Unknown),
        ordinal => u32::try_from(ordinal).ok().map(Parent::Entity),
    }
}
