//! A trace's summary in domain terms, computed from its facts (api.md GetTraceSummaries, "Members of a summary").
