//! Sampling rules and their matching (spec sampling.md 2 and 3).

use std::collections::BTreeMap;

#[cfg(test)]
mod tests;

/// Name of the rule that matches what no other matched.
pub const DEFAULT_RULE_NAME: &str = "Default";
/// Its priority, outside the 1–9999 of custom rules.
pub const DEFAULT_RULE_PRIORITY: i32 = 10_000;

/// A sampling rule. Text fields are patterns: `*` any run of characters, `?` exactly one.
#[derive(Clone, Debug, PartialEq)]
pub struct SamplingRule {
    pub name: String,
    /// Lower goes first; equal ones by name.
    pub priority: i32,
    /// 0–1, the share sampled once the reservoir is used.
    pub fixed_rate: f64,
    /// Traces per second over all clients together.
    pub reservoir_size: u32,
    pub service_name: String,
    pub service_type: String,
    pub host: String,
    pub http_method: String,
    pub url_path: String,
    pub resource_arn: String,
    /// All must match attributes known when the decision is made.
    pub attributes: BTreeMap<String, String>,
    pub boost: Option<SamplingRateBoost>,
}

/// How far a rule's rate may be raised when anomalies are seen (spec sampling.md 6).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SamplingRateBoost {
    /// 0–1.
    pub max_rate: f64,
    pub cooldown_window_minutes: u32,
}

impl SamplingRule {
    /// The default rule as every account starts with it: one trace a second and 5 %.
    #[must_use]
    pub fn default_rule() -> Self {
        let any = || "*".to_owned();
        Self {
            name: DEFAULT_RULE_NAME.to_owned(),
            priority: DEFAULT_RULE_PRIORITY,
            fixed_rate: 0.05,
            reservoir_size: 1,
            service_name: any(),
            service_type: any(),
            host: any(),
            http_method: any(),
            url_path: any(),
            resource_arn: any(),
            attributes: BTreeMap::new(),
            boost: None,
        }
    }

    /// True if the rule decides about this request. A property that the client does not know matches
    /// (as the X-Ray SDKs have it); attributes must be there and match.
    #[must_use]
    pub fn matches(&self, request: &SamplingRequest<'_>) -> bool {
        let known = [
            (&self.service_name, request.service_name),
            (&self.service_type, request.service_type),
            (&self.host, request.host),
            (&self.http_method, request.http_method),
            (&self.url_path, request.url_path),
            (&self.resource_arn, request.resource_arn),
        ];
        let fields = known
            .iter()
            .all(|(p, text)| text.is_none_or(|t| wildcard_matches(p, t)));
        fields
            && self.attributes.iter().all(|(key, pattern)| {
                let of_key = request.attributes.iter().find(|(k, _)| k == key);
                of_key.is_some_and(|(_, value)| wildcard_matches(pattern, value))
            })
    }
}

/// What is known of a request when the sampling decision is made.
#[derive(Clone, Debug, Default)]
pub struct SamplingRequest<'a> {
    pub service_name: Option<&'a str>,
    pub service_type: Option<&'a str>,
    pub host: Option<&'a str>,
    pub http_method: Option<&'a str>,
    pub url_path: Option<&'a str>,
    pub resource_arn: Option<&'a str>,
    pub attributes: Vec<(&'a str, &'a str)>,
}

/// Whole-string match without regard to case: `*` is any run of characters, `?` exactly one; there are
/// no escapes. Takes time proportional to the product of the lengths at worst.
#[must_use]
pub fn wildcard_matches(pattern: &str, text: &str) -> bool {
    let fold = |s: &str| s.chars().flat_map(char::to_lowercase).collect::<Vec<_>>();
    let (pattern, text) = (fold(pattern), fold(text));
    let (mut p, mut t) = (0, 0);
    // Where the last `*` stood, and how much text it has swallowed so far.
    let mut star: Option<(usize, usize)> = None;
    while let Some(&c) = text.get(t) {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(&want) if want == '?' || want == c => {
                p += 1;
                t += 1;
            }
            _ => {
                let Some((at, swallowed)) = star else {
                    return false;
                };
                star = Some((at, swallowed + 1));
                p = at + 1;
                t = swallowed + 1;
            }
        }
    }
    pattern
        .get(p..)
        .is_some_and(|rest| rest.iter().all(|c| *c == '*'))
}
