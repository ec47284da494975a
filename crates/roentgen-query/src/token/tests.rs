use roentgen_model::UnixNanos;

use super::{Binding, TokenError, TokenSealer, VALID_SECS};

const NOW: UnixNanos = UnixNanos::from_secs(1_700_000_000);

fn binding() -> Binding {
    Binding::new("GetTraceSummaries")
        .with("StartTime", "1")
        .with_optional("FilterExpression", None)
}

fn open(token: &str, binding: &Binding, now: UnixNanos) -> Result<(u64, String), TokenError> {
    TokenSealer::new(&[7; 32]).open(binding, now, token)
}

fn sealed() -> String {
    TokenSealer::new(&[7; 32]).seal(&binding(), NOW, &(5_u64, "a".to_owned()))
}

#[test]
fn token_opens_with_equal_key_and_binding() {
    assert_eq!(open(&sealed(), &binding(), NOW), Ok((5, "a".to_owned())));
}

#[test]
fn token_of_another_operation_parameter_or_key_is_foreign() {
    let others = [
        Binding::new("GetServiceGraph").with("StartTime", "1"),
        Binding::new("GetTraceSummaries").with("StartTime", "2"),
        binding().with_optional("FilterExpression", Some("")),
        Binding::new("GetTraceSummaries").with("StartTime1", ""),
    ];
    for other in others {
        assert_eq!(open(&sealed(), &other, NOW), Err(TokenError::Foreign));
    }
    let other_key = TokenSealer::new(&[8; 32]).open::<(u64, String)>(&binding(), NOW, &sealed());
    assert_eq!(other_key, Err(TokenError::Foreign));
}

#[test]
fn token_expires_after_its_day_and_not_before() {
    let at = |secs| UnixNanos::from_secs(NOW.secs() + secs);
    assert!(open(&sealed(), &binding(), at(VALID_SECS)).is_ok());
    assert_eq!(
        open(&sealed(), &binding(), at(VALID_SECS + 1)),
        Err(TokenError::Expired)
    );
}

#[test]
fn token_altered_anywhere_is_foreign() {
    let token = sealed();
    for index in 0..token.len() {
        let mut altered = token.clone().into_bytes();
        altered[index] = if altered[index] == b'A' { b'B' } else { b'A' };
        let altered = String::from_utf8(altered).unwrap();
        // The last character may carry unused bits only; base64 refuses those that are set.
        assert_eq!(
            open(&altered, &binding(), NOW),
            Err(TokenError::Foreign),
            "character {index}"
        );
    }
    for text in ["", "x", "%%%", &"A".repeat(5000), &token[..20]] {
        assert_eq!(
            open(text, &binding(), NOW),
            Err(TokenError::Foreign),
            "{text}"
        );
    }
}
