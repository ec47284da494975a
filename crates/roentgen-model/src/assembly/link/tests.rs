use super::*;
use crate::assembly::sample::{arrivals, key, millis, sample};

#[test]
fn link_sources_are_the_nodes_of_what_was_linked() {
    let web = sample("web", 1, 0..300)
        .origin("AWS::EC2::Instance")
        .child(sample("SQS", 2, 10..20).aws("q", "AWS::SQS::Queue"))
        .child(sample("pay.example.com", 3, 30..90).remote())
        .child(sample("local", 4, 100..110))
        .child(
            sample("SNS", 5, 200..210)
                .aws("SNS", "AWS::SNS")
                .in_progress(),
        );
    let documents = [web.root(), sample("pay", 6, 40..80).segment(Some(3))];
    let ids = [1, 2, 3, 4, 5, 6, 7].map(SegmentId::from_u64);
    let found: Vec<_> = link_sources(&arrivals(&documents), &ids)
        .into_iter()
        .map(|source| source.map(|s| (s.node, s.end)))
        .collect();
    assert_eq!(
        found,
        [
            Some((key("web", Some("AWS::EC2::Instance")), Some(millis(300)))),
            Some((key("q", Some("AWS::SQS::Queue")), Some(millis(20)))),
            Some((key("pay", None), Some(millis(90)))),
            None,
            Some((key("SNS", Some("AWS::SNS")), None)),
            Some((key("pay", None), Some(millis(80)))),
            None,
        ]
    );
}
