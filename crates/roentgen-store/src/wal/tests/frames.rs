//! Single frames and file headers.

use super::super::frame::{
    EncodedFrame, FrameBuilder, FrameHeader, FramePlace, HEADER_BYTES, NewDocument, Payload,
    decode_payload,
};
use super::super::header::{ENDS_MAX, FILE_HEADER_BYTES, FileEnd, FileHeader, ReadHeader};
use super::*;

fn frame(texts: &[&str]) -> EncodedFrame {
    let mut builder = FrameBuilder::new(&scope());
    for (index, text) in texts.iter().enumerate() {
        let document = NewDocument {
            record: index / 2,
            kind: RecordKind::SEGMENT_DOCUMENTS,
            record_stamp: Stamp(i64::try_from(index / 2).unwrap() * 1_000),
            index_in_record: u32::try_from(index % 2).unwrap(),
            text: &Bytes::copy_from_slice(text.as_bytes()),
        };
        assert_eq!(usize::from(builder.push(document)), index);
    }
    builder.finish()
}

fn written(texts: &[&str]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let place = FramePlace {
        file: 3,
        frame: 5,
        group_first_frame: 4,
        first_document: 17,
    };
    frame(texts).write(place, None, &mut bytes);
    bytes
}

fn decoded(bytes: &[u8]) -> Option<(FrameHeader, Vec<(i64, Bytes)>)> {
    let header = FrameHeader::decode(bytes)?;
    let stored = bytes.get(HEADER_BYTES..HEADER_BYTES + header.stored_len())?;
    let stored = Bytes::copy_from_slice(stored);
    let Payload::Decoded(frame) = decode_payload(&header, &stored, &Keys::none())? else {
        panic!("a plain frame needs no key");
    };
    Some((
        header,
        frame
            .documents
            .into_iter()
            .map(|d| (d.stamp.0, d.text))
            .collect(),
    ))
}

#[test]
fn frames_read_back_as_written() {
    for texts in [
        vec!["one"],
        vec![""],
        vec!["a", "b", "c"],
        vec![&*noise(3, 900), "x"],
        vec![&*"compressible ".repeat(500)],
    ] {
        let (header, documents) = decoded(&written(&texts)).unwrap();
        assert_eq!(
            (header.file, header.frame, header.group_first_frame),
            (3, 5, 4)
        );
        assert_eq!(
            (header.first_document, header.documents as usize),
            (17, texts.len())
        );
        assert_eq!(header.last_stamp.0, documents.last().unwrap().0);
        let stamps: Vec<i64> = documents.iter().map(|(stamp, _)| *stamp).collect();
        assert_eq!(stamps, [0, 1, 1_000][..texts.len()]);
        assert!(
            documents
                .iter()
                .map(|(_, text)| &text[..])
                .eq(texts.iter().map(|t| t.as_bytes()))
        );
    }
}

#[test]
fn frames_with_any_flipped_bit_are_detected() {
    for text in [noise(1, 300), "compressible ".repeat(50)] {
        let good = written(&[&text, "second"]);
        for place in 0..good.len() {
            for bit in 0..8 {
                let mut bad = good.clone();
                bad[place] ^= 1 << bit;
                assert!(decoded(&bad).is_none(), "bit {bit} of byte {place}");
            }
        }
    }
}

#[test]
fn frames_cut_at_any_byte_are_detected() {
    let good = written(&["one", &noise(1, 300)]);
    for len in 0..good.len() {
        assert!(decoded(&good[..len]).is_none(), "{len} bytes");
    }
}

proptest! {
    #[test]
    fn payloads_of_any_bytes_are_refused_or_decoded(payload in prop::collection::vec(any::<u8>(), 0..400), codec in 0u8..3, raw_bytes in 0u32..2_000, documents in 0u32..20) {
        let header = FrameHeader {
            is_encrypted: false,
            codec,
            file: 1,
            frame: 0,
            group_first_frame: 0,
            first_document: 0,
            documents,
            stored_bytes: u32::try_from(payload.len()).unwrap(),
            raw_bytes,
            payload_crc: crc32fast::hash(&payload),
            last_stamp: Stamp(0),
        };
        prop_assert_eq!(FrameHeader::decode(&header.encode()), Some(header));
        let found = decode_payload(&header, &Bytes::from(payload), &Keys::none());
        if let Some(Payload::Decoded(frame)) = found {
            prop_assert_eq!(frame.documents.len(), documents as usize);
        }
    }
}

#[test]
fn file_headers_read_back_and_detect_any_flipped_byte() {
    let ends = (1..=300u32)
        .map(|n| {
            (
                n,
                FileEnd {
                    end: u64::from(n) * 7,
                    documents: n,
                },
            )
        })
        .collect();
    let header = FileHeader {
        file: 301,
        last_stamp: Stamp(99),
        ends,
    };
    let bytes = header.encode();
    assert_eq!(bytes.len(), FILE_HEADER_BYTES);
    let ReadHeader::Valid(read) = FileHeader::decode(&bytes) else {
        panic!("not valid")
    };
    assert_eq!((read.file, read.last_stamp), (301, Stamp(99)));
    assert_eq!(read.ends.len(), ENDS_MAX);
    assert!(
        read.ends
            .iter()
            .all(|(number, end)| header.ends.get(number) == Some(end))
    );
    assert!(read.ends.contains_key(&300), "the newest are kept");
    for place in 0..bytes.len() {
        let mut bad = bytes.clone();
        bad[place] ^= 0x10;
        assert_eq!(
            FileHeader::decode(&bad),
            ReadHeader::Invalid,
            "byte {place}"
        );
    }
}

/// A released format is never edited: what was written must stay readable, see `docs/formats/log.md`.
#[test]
fn frame_with_the_documented_bytes_is_read() {
    let hex = "526746720101000003000000050000000400000011000000010000001d0000002c0000005644e885\
               0000000000000000000000003f60bb03\
               270c300100c70975732d656173742d3101000100800100020000007b7d";
    let pairs = hex
        .as_bytes()
        .chunks(2)
        .map(|pair| std::str::from_utf8(pair).unwrap());
    let bytes: Vec<u8> = pairs
        .map(|pair| u8::from_str_radix(pair, 16).unwrap())
        .collect();
    let (header, documents) = decoded(&bytes).unwrap();
    assert_eq!(
        (header.file, header.frame, header.first_document),
        (3, 5, 17)
    );
    assert_eq!(documents, [(0, Bytes::from_static(b"{}"))]);
}

#[test]
fn file_header_has_the_documented_bytes() {
    let ends = BTreeMap::from([(
        2,
        FileEnd {
            end: 4_200,
            documents: 6,
        },
    )]);
    let header = FileHeader {
        file: 3,
        last_stamp: Stamp(99),
        ends,
    }
    .encode();
    let hex: String = header
        .iter()
        .take(48)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let expected = "52674c6702000000 03000000 6300000000000000 01000000 \
                    02000000 06000000 6810000000000000 0000000000000000";
    assert_eq!(hex, expected.replace(' ', ""));
}
