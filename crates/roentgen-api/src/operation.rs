//! The 38 operations and their paths (api.md).

/// Declares [`Operation`] from one list of names and paths.
macro_rules! operations {
    ($($name:ident => $path:literal,)+) => {
        /// An operation of the service.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Operation {
            $($name,)+
        }

        impl Operation {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The service's own name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)+
                }
            }

            /// The path it is posted to.
            #[must_use]
            pub const fn path(self) -> &'static str {
                match self {
                    $(Self::$name => $path,)+
                }
            }
        }
    };
}

operations! {
    PutTraceSegments => "/TraceSegments",
    PutTelemetryRecords => "/TelemetryRecords",
    BatchGetTraces => "/Traces",
    GetTraceSummaries => "/TraceSummaries",
    GetTraceGraph => "/TraceGraph",
    GetServiceGraph => "/ServiceGraph",
    GetTimeSeriesServiceStatistics => "/TimeSeriesServiceStatistics",
    GetSamplingRules => "/GetSamplingRules",
    GetSamplingTargets => "/SamplingTargets",
    GetSamplingStatisticSummaries => "/SamplingStatisticSummaries",
    CreateSamplingRule => "/CreateSamplingRule",
    UpdateSamplingRule => "/UpdateSamplingRule",
    DeleteSamplingRule => "/DeleteSamplingRule",
    CreateGroup => "/CreateGroup",
    UpdateGroup => "/UpdateGroup",
    GetGroup => "/GetGroup",
    GetGroups => "/Groups",
    DeleteGroup => "/DeleteGroup",
    GetInsightSummaries => "/InsightSummaries",
    GetInsight => "/Insight",
    GetInsightEvents => "/InsightEvents",
    GetInsightImpactGraph => "/InsightImpactGraph",
    GetEncryptionConfig => "/EncryptionConfig",
    PutEncryptionConfig => "/PutEncryptionConfig",
    PutResourcePolicy => "/PutResourcePolicy",
    DeleteResourcePolicy => "/DeleteResourcePolicy",
    ListResourcePolicies => "/ListResourcePolicies",
    TagResource => "/TagResource",
    UntagResource => "/UntagResource",
    ListTagsForResource => "/ListTagsForResource",
    GetTraceSegmentDestination => "/GetTraceSegmentDestination",
    UpdateTraceSegmentDestination => "/UpdateTraceSegmentDestination",
    GetIndexingRules => "/GetIndexingRules",
    UpdateIndexingRule => "/UpdateIndexingRule",
    StartTraceRetrieval => "/StartTraceRetrieval",
    ListRetrievedTraces => "/ListRetrievedTraces",
    GetRetrievedTracesGraph => "/GetRetrievedTracesGraph",
    CancelTraceRetrieval => "/CancelTraceRetrieval",
}
