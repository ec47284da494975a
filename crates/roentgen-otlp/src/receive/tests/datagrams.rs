use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::*;

fn payload(tag: &str, body: &[u8]) -> Vec<u8> {
    format!("{tag}{}", STANDARD.encode(body)).into_bytes()
}

#[tokio::test]
async fn tagged_spans_become_documents_of_the_endpoint() {
    let door = Door::new(IntakeSettings::default());
    let body = protobuf(&[span(1), span(2)]);
    for tag in ["T1S", "T1"] {
        let documents = door
            .intake
            .documents_from_datagram(&payload(tag, &body))
            .unwrap();
        assert_eq!(documents.len(), 2, "{tag}");
        let document: Value = serde_json::from_slice(&documents[0]).unwrap();
        assert_eq!(document["annotations"]["span.name"], "work");
    }
    // Lines may end.
    let mut ended = payload("T1S", &body);
    ended.push(b'\n');
    assert_eq!(
        door.intake.documents_from_datagram(&ended).unwrap().len(),
        2
    );
}

#[tokio::test]
async fn unsampled_spans_are_left_out_unless_they_are_kept() {
    let body = payload("T1U", &protobuf(&[span(1)]));
    let left_out = Door::new(IntakeSettings::default());
    assert_eq!(
        left_out
            .intake
            .documents_from_datagram(&body)
            .unwrap()
            .len(),
        0
    );
    let kept = Door::new(IntakeSettings {
        keeps_unsampled: true,
        ..IntakeSettings::default()
    });
    assert_eq!(kept.intake.documents_from_datagram(&body).unwrap().len(), 1);
}

#[tokio::test]
async fn other_payloads() {
    let door = Door::new(IntakeSettings::default());
    assert_eq!(door.intake.documents_from_datagram(b"{\"id\":1}"), None);
    assert_eq!(door.intake.documents_from_datagram(b"T2S"), None);
    for broken in [&b"T1S!"[..], b"T1SAAAA", b"M1", b"M1!", b"T1"] {
        let documents = door.intake.documents_from_datagram(broken);
        assert_eq!(
            documents.map(|documents| documents.len()),
            Some(0),
            "{broken:?}"
        );
    }
}
