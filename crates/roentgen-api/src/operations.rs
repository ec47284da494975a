//! One file per operation.

use std::sync::Arc;

use bytes::Bytes;
use roentgen_model::UnixNanos;
use roentgen_model::insight::InsightId;
use roentgen_query::insights::PublishedInsight;
use roentgen_query::service_graph::{ComputedGraph, GraphCursor, GraphPage, SERVICES_PER_PAGE_MAX};
use roentgen_query::token::{Binding, TokenError};
use roentgen_store::source::{QueryControl, StoreError, TraceReader};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::ApiError;
use crate::operation::Operation;
use crate::principal::Principal;
use crate::state::{ApiState, Shared};
use crate::wire::groups::GroupShape;
use crate::wire::members::Members;
use crate::wire::sampling::SamplingRuleRecordShape;

pub(crate) mod batch_get_traces;
mod cancel_trace_retrieval;
mod create_group;
mod create_sampling_rule;
mod delete_group;
mod delete_resource_policy;
mod delete_sampling_rule;
mod get_encryption_config;
mod get_group;
mod get_groups;
mod get_indexing_rules;
mod get_insight;
mod get_insight_events;
mod get_insight_impact_graph;
mod get_insight_summaries;
mod get_retrieved_traces_graph;
mod get_sampling_rules;
mod get_sampling_statistic_summaries;
mod get_sampling_targets;
mod get_service_graph;
mod get_time_series_service_statistics;
mod get_trace_graph;
mod get_trace_segment_destination;
mod get_trace_summaries;
mod list_resource_policies;
mod list_retrieved_traces;
mod list_tags_for_resource;
mod put_encryption_config;
mod put_resource_policy;
mod put_telemetry_records;
mod put_trace_segments;
mod start_trace_retrieval;
mod tag_resource;
mod untag_resource;
mod update_group;
mod update_indexing_rule;
mod update_sampling_rule;
mod update_trace_segment_destination;

/// One call of an operation.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) shared: Arc<Shared>,
    pub(crate) principal: Principal,
    pub(crate) now: UnixNanos,
}

impl Call {
    pub(crate) fn api(&self) -> &ApiState {
        &self.shared.api
    }

    /// What the request's token carries, if it has one.
    fn open_token<T: DeserializeOwned>(
        &self,
        binding: &Binding,
        token: Option<String>,
    ) -> Result<Option<T>, ApiError> {
        let open = |token: String| self.shared.tokens.open(binding, self.now, &token);
        Ok(token.map(open).transpose()?)
    }

    /// A token for the page after this one.
    fn seal_token<T: Serialize>(&self, binding: &Binding, payload: &T) -> String {
        self.shared.tokens.seal(binding, self.now, payload)
    }

    /// The page of a graph that a request asks for, with the token for the next: from the graph held for
    /// its token, else computed (PAGE-2).
    fn graph_page(
        &self,
        request: GraphRequest,
        compute: impl FnOnce() -> Result<ComputedGraph, StoreError>,
    ) -> Result<(GraphPage, Option<String>), ApiError> {
        let GraphRequest { binding, token } = request;
        let cursor: Option<GraphCursor> = self.open_token(&binding, token)?;
        let (graphs, parameters) = (&self.shared.graphs, binding.digest());
        let held = cursor.and_then(|cursor| graphs.find(parameters, cursor, self.now));
        let graph = held.map_or_else(|| compute().map(Arc::new), Ok)?;
        let page = graphs.page(parameters, graph, cursor, self.now, SERVICES_PER_PAGE_MAX)?;
        let token = page.next.map(|next| self.seal_token(&binding, &next));
        Ok((page, token))
    }

    /// The insight with this id; those of deleted groups are gone.
    fn insight(&self, id: InsightId) -> Result<Arc<PublishedInsight>, ApiError> {
        let found = self.api().insights.find(id).filter(|published| {
            let groups = self.api().control.groups();
            groups
                .iter()
                .any(|group| group.id == published.record.group_id)
        });
        found.ok_or_else(|| ApiError::invalid(format!("`InsightId`: no insight `{id}`")))
    }

    /// Runs a read, and the printing of its answer, where they may block.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Self, &dyn TraceReader, &QueryControl) -> Result<T, ApiError>
        + Send
        + 'static,
    ) -> Result<T, ApiError> {
        let call = self.clone();
        self.shared
            .gate
            .run(move |control| read(&call, &*call.api().reader, control))
            .await
    }
}

/// What a page of a graph is asked by.
#[derive(Debug)]
struct GraphRequest {
    binding: Binding,
    token: Option<String>,
}

/// Answers an operation with the JSON text of its result.
pub(crate) async fn answer(
    operation: Operation,
    call: &Call,
    body: &Bytes,
) -> Result<Bytes, ApiError> {
    // Its documents are taken from the body where they stand.
    if operation == Operation::PutTraceSegments {
        return put_trace_segments::answer(call, body).await;
    }
    let members = Members::of_body(body)?;
    match operation {
        Operation::PutTraceSegments => put_trace_segments::answer(call, body).await,
        Operation::PutTelemetryRecords => put_telemetry_records::answer(call, &members),
        Operation::BatchGetTraces => batch_get_traces::answer(call, &members).await,
        Operation::GetTraceSummaries => get_trace_summaries::answer(call, &members).await,
        Operation::GetTraceGraph => get_trace_graph::answer(call, &members).await,
        Operation::GetServiceGraph => get_service_graph::answer(call, &members).await,
        Operation::GetInsightSummaries => get_insight_summaries::answer(call, &members),
        Operation::GetInsight => get_insight::answer(call, &members),
        Operation::GetInsightEvents => get_insight_events::answer(call, &members),
        Operation::GetInsightImpactGraph => get_insight_impact_graph::answer(call, &members).await,
        Operation::GetTimeSeriesServiceStatistics => {
            get_time_series_service_statistics::answer(call, &members).await
        }
        Operation::GetSamplingRules => get_sampling_rules::answer(call, &members),
        Operation::GetSamplingTargets => get_sampling_targets::answer(call, &members),
        Operation::GetSamplingStatisticSummaries => {
            get_sampling_statistic_summaries::answer(call, &members)
        }
        Operation::CreateSamplingRule => create_sampling_rule::answer(call, &members).await,
        Operation::UpdateSamplingRule => update_sampling_rule::answer(call, &members).await,
        Operation::DeleteSamplingRule => delete_sampling_rule::answer(call, &members).await,
        Operation::CreateGroup => create_group::answer(call, &members).await,
        Operation::UpdateGroup => update_group::answer(call, &members).await,
        Operation::DeleteGroup => delete_group::answer(call, &members).await,
        Operation::GetGroup => get_group::answer(call, &members),
        Operation::GetGroups => get_groups::answer(call, &members),
        Operation::GetEncryptionConfig => get_encryption_config::answer(call),
        Operation::PutEncryptionConfig => put_encryption_config::answer(call, &members).await,
        Operation::StartTraceRetrieval => start_trace_retrieval::answer(call, &members),
        Operation::ListRetrievedTraces => list_retrieved_traces::answer(call, &members).await,
        Operation::GetRetrievedTracesGraph => {
            get_retrieved_traces_graph::answer(call, &members).await
        }
        Operation::CancelTraceRetrieval => cancel_trace_retrieval::answer(call, &members),
        Operation::GetTraceSegmentDestination => get_trace_segment_destination::answer(call),
        Operation::GetIndexingRules => get_indexing_rules::answer(call, &members),
        Operation::UpdateTraceSegmentDestination => {
            update_trace_segment_destination::answer(call, &members).await
        }
        Operation::UpdateIndexingRule => update_indexing_rule::answer(call, &members).await,
        Operation::PutResourcePolicy => put_resource_policy::answer(call, &members).await,
        Operation::DeleteResourcePolicy => delete_resource_policy::answer(call, &members).await,
        Operation::ListResourcePolicies => list_resource_policies::answer(call, &members),
        Operation::TagResource => tag_resource::answer(call, &members).await,
        Operation::UntagResource => untag_resource::answer(call, &members).await,
        Operation::ListTagsForResource => list_tags_for_resource::answer(call, &members),
    }
}

/// The JSON text of a result.
pub(crate) fn json<T: Serialize>(result: &T) -> Result<Bytes, ApiError> {
    serde_json::to_vec(result)
        .map(Bytes::from)
        .map_err(ApiError::fault)
}

/// For operations that have one page only: we never issued a token.
fn refuse_token(members: &Members<'_>) -> Result<(), ApiError> {
    members
        .next_token()?
        .map_or(Ok(()), |_| Err(TokenError::Foreign.into()))
}

/// The result of the operations that answer one group.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct GroupResult {
    group: GroupShape,
}

/// The result of the operations that change sampling rules.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct SamplingRuleResult {
    sampling_rule_record: SamplingRuleRecordShape,
}

/// The result of operations without output.
#[derive(Debug, Serialize)]
struct EmptyResult {}
