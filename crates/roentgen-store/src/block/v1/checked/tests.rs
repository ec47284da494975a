use super::*;
use crate::files::RealDisk;

fn written(bytes: &[u8]) -> (tempfile::TempDir, RealDisk, FileSums) {
    let root = tempfile::tempdir().unwrap();
    let disk = RealDisk::open(root.path()).unwrap();
    let mut writer = SummingWriter::create(&disk, "file".into()).unwrap();
    // In uneven steps, so that pieces end inside of writes.
    bytes
        .chunks(5_003)
        .for_each(|part| writer.write_all(part).unwrap());
    let sums = writer.finish().unwrap();
    (root, disk, sums)
}

#[test]
fn ranges_at_and_across_the_ends_of_pieces_read_what_was_written() {
    let bytes: Vec<u8> = (0..3 * PIECE_BYTES + 17)
        .map(|n| u8::try_from(n % 251).unwrap())
        .collect();
    let (_root, disk, sums) = written(&bytes);
    assert_eq!(sums.sums.len(), 4);
    let file = CheckedFile::open(&disk, Path::new("file"), Arc::new(sums)).unwrap();
    let piece = PIECE_BYTES;
    let total = bytes.len();
    for (start, length) in [
        (0, 0),
        (0, 1),
        (0, total),
        (piece - 1, 2),
        (piece, piece),
        (piece + 1, 2 * piece),
        (total - 1, 1),
        (total, 0),
    ] {
        let found = file.range(start as u64, length).unwrap();
        assert_eq!(found, bytes[start..start + length], "{length} from {start}");
    }
    for (start, length) in [(total, 1), (total + 1, 0), (0, total + 1), (usize::MAX, 1)] {
        let error = file.range(start as u64, length).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Damaged, "{length} from {start}");
    }
    let mut all = Vec::new();
    file.get_read(5).unwrap().read_to_end(&mut all).unwrap();
    assert_eq!(all, bytes[5..]);
}

#[test]
fn empty_file_has_no_pieces() {
    let (_root, disk, sums) = written(&[]);
    assert_eq!(sums, FileSums::default());
    let file = CheckedFile::open(&disk, Path::new("file"), Arc::new(sums)).unwrap();
    assert!(file.range(0, 0).unwrap().is_empty());
    assert!(file.range(0, 1).is_err());
}

#[test]
fn list_of_checksums_is_read_back_and_every_flipped_bit_found() {
    let root = tempfile::tempdir().unwrap();
    let disk = RealDisk::open(root.path()).unwrap();
    let sums = [
        FileSums {
            bytes: PIECE_BYTES as u64 + 1,
            sums: vec![1, u32::MAX],
        },
        FileSums::default(),
    ];
    let writer = ChecksumsWriter::create(&disk, Path::new("")).unwrap();
    let length = writer.finish(&sums).unwrap();
    let (found, found_length) = read_checksums(&disk, Path::new(""), 2).unwrap();
    assert_eq!((&found[..], found_length), (&sums[..], length));
    assert!(
        read_checksums(&disk, Path::new(""), 3).is_err(),
        "another number of files"
    );
    let bytes = std::fs::read(root.path().join(CHECKSUMS_NAME)).unwrap();
    for bit in 0..bytes.len() * 8 {
        let mut damaged = bytes.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(parse_checksums(&damaged, 2), None, "bit {bit}");
    }
}
