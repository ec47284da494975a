//! The vocabulary that random traces and random filters share.

pub(super) const NAMES: &[&str] = &["web", "pay", "job", "orders", "DynamoDB"];
pub(super) const ORIGINS: &[&str] = &["AWS::EC2::Instance", "AWS::Lambda", "AWS::Lambda::Function"];
pub(super) const TYPES: &[&str] = &[
    "AWS::EC2::Instance",
    "AWS::Lambda",
    "AWS::DynamoDB::Table",
    "Database::SQL",
    "remote",
    "client",
];
pub(super) const ACCOUNTS: &[&str] = &["111122223333", "444455556666"];
pub(super) const URLS: &[&str] = &["http://web/a", "http://web/b/1", "https://pay/"];
pub(super) const METHODS: &[&str] = &["GET", "POST"];
pub(super) const AGENTS: &[&str] = &["curl/8", "Mozilla/5"];
pub(super) const ADDRESSES: &[&str] = &["203.0.113.9", "198.51.100.7"];
pub(super) const USERS: &[&str] = &["u1", "u2", "ü\"\\"];
pub(super) const ZONES: &[&str] = &["eu-west-1a", "eu-west-1b"];
pub(super) const INSTANCES: &[&str] = &["i-0a", "i-0b"];
pub(super) const ARNS: &[&str] = &["arn:aws:lambda:::function:a", "arn:aws:lambda:::function:b"];
pub(super) const STATUSES: &[i64] = &[200, 201, 404, 429, 500, 502];
pub(super) const KEYS: &[&str] = &["tier", "n", "beta", "order.total", "aws:id"];
pub(super) const STRINGS: &[&str] = &["gold", "go", "", "true", "3"];
pub(super) const NUMBERS: &[f64] = &[0.0, 1.0, 3.0, 2.5, -1.0];
pub(super) const EXCEPTIONS: &[&str] = &["TimeoutError", "Denied"];
pub(super) const MESSAGES: &[&str] = &["denied", "too late"];
