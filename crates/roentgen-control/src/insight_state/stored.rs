//! Bodies of rows, version 1. A later version is a new variant of these types, never a changed member.

use std::collections::VecDeque;
use std::sync::Arc;

use roentgen_model::UnixNanos;
use roentgen_model::assembly::facts::NodeKey;
use roentgen_model::insight::detector::{ActiveInsight, EdgeLook, PastIncidents};
use roentgen_model::insight::node::{Incident, NodeState, RecentMinute};
use roentgen_model::insight::{
    Baseline, Counts, Detector, Insight, InsightEvent, InsightId, Picture,
};
use serde::{Deserialize, Serialize};

use super::InsightRecord;

#[derive(Serialize, Deserialize)]
#[serde(tag = "version")]
pub(super) enum StoredInsight {
    #[serde(rename = "1")]
    V1 {
        group_id: Arc<str>,
        group_name: Arc<str>,
        group_arn: Arc<str>,
        start: i64,
        end: Option<i64>,
        picture: StoredPicture,
        updated: i64,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "version")]
pub(super) enum StoredEvent {
    #[serde(rename = "1")]
    V1 {
        summary: String,
        picture: StoredPicture,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "version")]
pub(super) enum StoredDetector {
    #[serde(rename = "1")]
    V1 {
        nodes: Vec<(StoredNode, StoredNodeState)>,
        recent_clients: Vec<(i64, StoredCounts)>,
        active: Vec<StoredActive>,
        /// Caller, called, looked at, travelled.
        edges: Vec<(StoredNode, StoredNode, i64, bool)>,
    },
}

#[derive(Serialize, Deserialize)]
pub(super) struct StoredPicture {
    root_cause: StoredNode,
    anomalous: Vec<StoredNode>,
    clients: StoredCounts,
    root_cause_counts: StoredCounts,
}

#[derive(Serialize, Deserialize)]
pub(super) struct StoredNode {
    name: Arc<str>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    node_type: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_id: Option<Arc<str>>,
}

/// Total, faults, ok.
#[derive(Serialize, Deserialize)]
pub(super) struct StoredCounts(u64, u64, u64);

#[derive(Serialize, Deserialize)]
pub(super) struct StoredNodeState {
    faults: f64,
    requests: f64,
    overdispersion: f64,
    minutes: u32,
    as_of: i64,
    /// Minute, anomalous, counts, excess.
    recent: Vec<(i64, bool, StoredCounts, f64)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    incident: Option<StoredIncident>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct StoredIncident {
    start: i64,
    last_anomalous: i64,
    last_request: i64,
    quiet_minutes: u32,
    counts: StoredCounts,
    quiet_counts: StoredCounts,
    excess: f64,
}

#[derive(Serialize, Deserialize)]
pub(super) struct StoredActive {
    id: String,
    start: i64,
    root_cause: StoredNode,
    /// Node, counts, excess, quiet since.
    members: Vec<(StoredNode, StoredCounts, f64, i64)>,
    clients: StoredCounts,
    quiet_clients: StoredCounts,
    shown: Option<StoredPicture>,
    last_event: Option<StoredPicture>,
    updated: i64,
}

impl StoredInsight {
    pub(super) fn new(record: &InsightRecord) -> Self {
        let InsightRecord {
            group_id,
            group_name,
            group_arn,
            insight,
        } = record.clone();
        let Insight {
            id: _,
            start,
            end,
            picture,
            updated,
        } = insight;
        Self::V1 {
            group_id,
            group_name,
            group_arn,
            start: start.0,
            end: end.map(|end| end.0),
            picture: picture.into(),
            updated: updated.0,
        }
    }

    pub(super) fn record(self, id: InsightId) -> InsightRecord {
        let Self::V1 {
            group_id,
            group_name,
            group_arn,
            start,
            end,
            picture,
            updated,
        } = self;
        InsightRecord {
            group_id,
            group_name,
            group_arn,
            insight: Insight {
                id,
                start: UnixNanos(start),
                end: end.map(UnixNanos),
                picture: picture.into(),
                updated: UnixNanos(updated),
            },
        }
    }
}

impl StoredEvent {
    pub(super) fn new(event: &InsightEvent) -> Self {
        let InsightEvent {
            time: _,
            summary,
            picture,
        } = event.clone();
        Self::V1 {
            summary,
            picture: picture.into(),
        }
    }

    pub(super) fn event(self, time: UnixNanos) -> InsightEvent {
        let Self::V1 { summary, picture } = self;
        InsightEvent {
            time,
            summary,
            picture: picture.into(),
        }
    }
}

impl StoredDetector {
    pub(super) fn new(detector: &Detector) -> Self {
        let Detector {
            group: _,
            nodes,
            recent_clients,
            active,
            edges,
        } = detector.clone();
        let edge = |((caller, called), look): ((NodeKey, NodeKey), EdgeLook)| {
            let EdgeLook {
                looked_at,
                travelled,
            } = look;
            (caller.into(), called.into(), looked_at.0, travelled)
        };
        Self::V1 {
            nodes: nodes
                .into_iter()
                .map(|(k, n)| (k.into(), n.into()))
                .collect(),
            recent_clients: recent_clients
                .into_iter()
                .map(|(t, c)| (t.0, c.into()))
                .collect(),
            active: active.into_iter().map(StoredActive::from).collect(),
            edges: edges.into_iter().map(edge).collect(),
        }
    }

    pub(super) fn detector(self, group: Arc<str>) -> Detector {
        let Self::V1 {
            nodes,
            recent_clients,
            active,
            edges,
        } = self;
        let edge = |(caller, called, looked_at, travelled): (StoredNode, StoredNode, i64, bool)| {
            let look = EdgeLook {
                looked_at: UnixNanos(looked_at),
                travelled,
            };
            ((caller.into(), called.into()), look)
        };
        Detector {
            group,
            nodes: nodes
                .into_iter()
                .map(|(k, n)| (k.into(), n.into()))
                .collect(),
            recent_clients: recent_clients
                .into_iter()
                .map(|(time, counts)| (UnixNanos(time), counts.into()))
                .collect(),
            active: active
                .into_iter()
                .filter_map(StoredActive::active)
                .collect(),
            edges: edges.into_iter().map(edge).collect(),
        }
    }
}

impl StoredActive {
    /// `None`: its id is none.
    fn active(self) -> Option<ActiveInsight> {
        let Self {
            id,
            start,
            root_cause,
            members,
            clients,
            quiet_clients,
            shown,
            last_event,
            updated,
        } = self;
        let member = |(node, counts, excess, quiet_since): (StoredNode, StoredCounts, f64, i64)| {
            let past = PastIncidents {
                counts: counts.into(),
                excess,
                quiet_since: UnixNanos(quiet_since),
            };
            (node.into(), past)
        };
        Some(ActiveInsight {
            id: InsightId::parse(&id)?,
            start: UnixNanos(start),
            root_cause: root_cause.into(),
            members: members.into_iter().map(member).collect(),
            clients: clients.into(),
            quiet_clients: quiet_clients.into(),
            shown: shown.map(Picture::from),
            last_event: last_event.map(Picture::from),
            updated: UnixNanos(updated),
        })
    }
}

impl From<ActiveInsight> for StoredActive {
    fn from(active: ActiveInsight) -> Self {
        let ActiveInsight {
            id,
            start,
            root_cause,
            members,
            clients,
            quiet_clients,
            shown,
            last_event,
            updated,
        } = active;
        let member = |(node, past): (NodeKey, PastIncidents)| {
            let PastIncidents {
                counts,
                excess,
                quiet_since,
            } = past;
            (node.into(), counts.into(), excess, quiet_since.0)
        };
        Self {
            id: id.to_string(),
            start: start.0,
            root_cause: root_cause.into(),
            members: members.into_iter().map(member).collect(),
            clients: clients.into(),
            quiet_clients: quiet_clients.into(),
            shown: shown.map(StoredPicture::from),
            last_event: last_event.map(StoredPicture::from),
            updated: updated.0,
        }
    }
}

impl From<Picture> for StoredPicture {
    fn from(picture: Picture) -> Self {
        let Picture {
            root_cause,
            anomalous,
            clients,
            root_cause_counts,
        } = picture;
        Self {
            root_cause: root_cause.into(),
            anomalous: anomalous.into_iter().map(StoredNode::from).collect(),
            clients: clients.into(),
            root_cause_counts: root_cause_counts.into(),
        }
    }
}

impl From<StoredPicture> for Picture {
    fn from(stored: StoredPicture) -> Self {
        let StoredPicture {
            root_cause,
            anomalous,
            clients,
            root_cause_counts,
        } = stored;
        Self {
            root_cause: root_cause.into(),
            anomalous: anomalous.into_iter().map(NodeKey::from).collect(),
            clients: clients.into(),
            root_cause_counts: root_cause_counts.into(),
        }
    }
}

impl From<NodeKey> for StoredNode {
    fn from(key: NodeKey) -> Self {
        let NodeKey {
            name,
            node_type,
            account_id,
        } = key;
        Self {
            name,
            node_type,
            account_id,
        }
    }
}

impl From<StoredNode> for NodeKey {
    fn from(stored: StoredNode) -> Self {
        let StoredNode {
            name,
            node_type,
            account_id,
        } = stored;
        Self {
            name,
            node_type,
            account_id,
        }
    }
}

impl From<Counts> for StoredCounts {
    fn from(counts: Counts) -> Self {
        let Counts { total, faults, ok } = counts;
        Self(total, faults, ok)
    }
}

impl From<StoredCounts> for Counts {
    fn from(stored: StoredCounts) -> Self {
        let StoredCounts(total, faults, ok) = stored;
        Self { total, faults, ok }
    }
}

impl From<NodeState> for StoredNodeState {
    fn from(node: NodeState) -> Self {
        let NodeState {
            baseline,
            recent,
            incident,
        } = node;
        let Baseline {
            faults,
            requests,
            overdispersion,
            minutes,
            as_of,
        } = baseline;
        let recent_minute = |recent: RecentMinute| {
            let RecentMinute {
                minute,
                is_anomalous,
                counts,
                excess,
            } = recent;
            (minute.0, is_anomalous, counts.into(), excess)
        };
        Self {
            faults,
            requests,
            overdispersion,
            minutes,
            as_of: as_of.0,
            recent: recent.into_iter().map(recent_minute).collect(),
            incident: incident.map(StoredIncident::from),
        }
    }
}

impl From<StoredNodeState> for NodeState {
    fn from(stored: StoredNodeState) -> Self {
        let StoredNodeState {
            faults,
            requests,
            overdispersion,
            minutes,
            as_of,
            recent,
            incident,
        } = stored;
        let recent_minute =
            |(minute, is_anomalous, counts, excess): (i64, bool, StoredCounts, f64)| RecentMinute {
                minute: UnixNanos(minute),
                is_anomalous,
                counts: counts.into(),
                excess,
            };
        Self {
            baseline: Baseline {
                faults,
                requests,
                overdispersion,
                minutes,
                as_of: UnixNanos(as_of),
            },
            recent: recent
                .into_iter()
                .map(recent_minute)
                .collect::<VecDeque<_>>(),
            incident: incident.map(Incident::from),
        }
    }
}

impl From<Incident> for StoredIncident {
    fn from(incident: Incident) -> Self {
        let Incident {
            start,
            last_anomalous,
            last_request,
            quiet_minutes,
            counts,
            quiet_counts,
            excess,
        } = incident;
        Self {
            start: start.0,
            last_anomalous: last_anomalous.0,
            last_request: last_request.0,
            quiet_minutes,
            counts: counts.into(),
            quiet_counts: quiet_counts.into(),
            excess,
        }
    }
}

impl From<StoredIncident> for Incident {
    fn from(stored: StoredIncident) -> Self {
        let StoredIncident {
            start,
            last_anomalous,
            last_request,
            quiet_minutes,
            counts,
            quiet_counts,
            excess,
        } = stored;
        Self {
            start: UnixNanos(start),
            last_anomalous: UnixNanos(last_anomalous),
            last_request: UnixNanos(last_request),
            quiet_minutes,
            counts: counts.into(),
            quiet_counts: quiet_counts.into(),
            excess,
        }
    }
}
