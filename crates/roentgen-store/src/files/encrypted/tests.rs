use std::path::PathBuf;

use proptest::prelude::*;

use super::*;
use crate::encryption::KeyRing;
use crate::encryption::tests::{TestRing, key_id, store_keys};
use crate::files::SimulatedDisk;
use crate::source::ErrorKind;

fn disk(below: &SimulatedDisk, ring: &Arc<TestRing>) -> EncryptedDisk {
    let keys = Arc::new(Keys::new(&store_keys(ring, None)));
    EncryptedDisk::new(Arc::new(below.clone()), keys)
}

fn under(disk: &EncryptedDisk, key: &str) -> EncryptedDisk {
    disk.under(Some(disk.keys.write_key(&key_id(key)).unwrap()))
}

/// Writes in pieces, so that chunks fill in several calls.
fn write(disk: &EncryptedDisk, path: &Path, text: &[u8]) {
    disk.create_dir_all(path.parent().unwrap()).unwrap();
    let mut file = disk.create(path).unwrap();
    for piece in text.chunks(50_000) {
        file.write_all(piece).unwrap();
    }
    file.sync_all().unwrap();
    let is_encrypted = disk.write_key.is_some();
    assert!(!is_encrypted || file.write_all(b"more").is_err());
}

fn text(len: usize) -> Vec<u8> {
    (0..len)
        .map(|at| (at % 251) as u8 ^ (at >> 8) as u8)
        .collect()
}

fn stored(below: &SimulatedDisk, path: &Path) -> Vec<u8> {
    let file = below.open(path).unwrap();
    let len = usize::try_from(file.len().unwrap()).unwrap();
    file.read_at(0, len).unwrap().to_vec()
}

/// Puts other bytes in the place of a file.
fn replace(below: &SimulatedDisk, path: &Path, bytes: &[u8]) {
    below.remove_file(path).unwrap();
    let mut file = below.create(path).unwrap();
    file.write_all(bytes).unwrap();
    file.sync_all().unwrap();
}

fn read_all(disk: &EncryptedDisk, path: &Path) -> io::Result<Bytes> {
    let file = disk.open(path)?;
    file.read_at(0, usize::try_from(file.len()?).unwrap())
}

fn kind(read: io::Result<Bytes>) -> ErrorKind {
    crate::encryption::kind_of(&read.unwrap_err())
}

#[test]
fn any_length_reads_back_in_any_range() {
    let (below, ring) = (SimulatedDisk::new(), TestRing::with(&["one"]));
    let disk = disk(&below, &ring);
    for len in [
        0,
        1,
        CHUNK_BYTES - 1,
        CHUNK_BYTES,
        CHUNK_BYTES + 1,
        3 * CHUNK_BYTES,
        200_000,
    ] {
        let path = PathBuf::from(format!("b/{len}"));
        let text = text(len);
        write(&under(&disk, "one"), &path, &text);
        let file = disk.open(&path).unwrap();
        assert_eq!(file.len().unwrap(), len as u64);
        for (start, end) in [
            (0, len),
            (len / 3, len),
            (len / 2, len / 2),
            (len.saturating_sub(1), len),
        ] {
            let read = file.read_at(start as u64, end - start).unwrap();
            assert_eq!(read, text[start..end], "{start}..{end} of {len}");
        }
        let beyond = file.read_at(len as u64, 1).unwrap_err();
        assert_eq!(beyond.kind(), io::ErrorKind::UnexpectedEof);
        let kept = stored(&below, &path);
        assert!(len < 100 || !kept.windows(64).any(|w| text.windows(64).next() == Some(w)));
    }
}

#[test]
fn plain_files_stay_plain_and_readable() {
    let (below, ring) = (SimulatedDisk::new(), TestRing::with(&[]));
    let disk = disk(&below, &ring);
    for len in [0, 10, HEADER_BYTES + 1] {
        let path = PathBuf::from(format!("b/{len}"));
        write(&disk, &path, &text(len));
        assert_eq!(stored(&below, &path), text(len));
        assert_eq!(read_all(&disk, &path).unwrap(), text(len));
        assert!(!disk.is_encrypted(&path).unwrap());
    }
}

#[test]
fn missing_key_is_no_damage_and_returns() {
    let (below, ring) = (SimulatedDisk::new(), TestRing::with(&["one", "two"]));
    let disk = disk(&below, &ring);
    let path = Path::new("b/docs");
    write(&under(&disk, "one"), path, b"text");
    ring.remove("one");
    assert_eq!(kind(read_all(&disk, path)), ErrorKind::KeyUnavailable);
    assert!(disk.is_encrypted(path).unwrap(), "seen without the key");
    ring.add("one");
    assert_eq!(read_all(&disk, path).unwrap(), "text");
    // A key of the same name with another secret is not the key.
    let other = TestRing::default();
    other.add("two");
    let impostor = TestRing::with(&["two"]);
    let secret = other.key(&key_id("two")).unwrap();
    impostor.insert(key_id("one"), secret);
    let disk = self::disk(&below, &impostor);
    assert_eq!(kind(read_all(&disk, path)), ErrorKind::KeyUnavailable);
}

#[test]
fn files_do_not_pass_for_others() {
    let (below, ring) = (SimulatedDisk::new(), TestRing::with(&["one"]));
    let disk = disk(&below, &ring);
    let writing = under(&disk, "one");
    let (a, b) = (Path::new("a.tmp/docs"), Path::new("b/docs"));
    write(&writing, a, &text(CHUNK_BYTES + 5));
    write(&writing, b, &text(CHUNK_BYTES + 6));
    // A block loses the ending of its name when it is whole.
    disk.rename(Path::new("a.tmp"), Path::new("a")).unwrap();
    let a = Path::new("a/docs");
    assert_eq!(read_all(&disk, a).unwrap(), text(CHUNK_BYTES + 5));
    let (of_a, of_b) = (stored(&below, a), stored(&below, b));
    replace(&below, b, &of_a);
    assert!(
        read_all(&disk, b).is_err(),
        "a file under another block's name"
    );
    disk.rename(b, Path::new("b/spans")).unwrap();
    assert!(read_all(&disk, Path::new("b/spans")).is_err());
    // A chunk of another file in the same place, two chunks swapped, the last one cut off.
    let second = HEADER_BYTES + SEALED_CHUNK_BYTES;
    let mut mixed = of_a.clone();
    mixed[HEADER_BYTES..second].copy_from_slice(&of_b[HEADER_BYTES..second]);
    replace(&below, a, &mixed);
    assert_eq!(kind(read_all(&disk, a)), ErrorKind::Damaged);
    replace(&below, a, &of_a[..second]);
    assert_eq!(kind(read_all(&disk, a)), ErrorKind::Damaged);
    replace(&below, a, &of_a[..second + 3]);
    assert_eq!(kind(read_all(&disk, a)), ErrorKind::Damaged);
    replace(&below, a, &of_a[..HEADER_BYTES]);
    assert_eq!(kind(read_all(&disk, a)), ErrorKind::Damaged);
    replace(&below, a, &of_a);
    assert_eq!(read_all(&disk, a).unwrap(), text(CHUNK_BYTES + 5));
    let path = Path::new("c/docs");
    write(&writing, path, &text(2 * CHUNK_BYTES + 9));
    let whole = stored(&below, path);
    let (first, rest) = whole[HEADER_BYTES..].split_at(SEALED_CHUNK_BYTES);
    let (next, last) = rest.split_at(SEALED_CHUNK_BYTES);
    replace(
        &below,
        path,
        &[&whole[..HEADER_BYTES], next, first, last].concat(),
    );
    assert_eq!(kind(read_all(&disk, path)), ErrorKind::Damaged);
}

#[test]
fn writing_goes_on_over_a_power_loss_with_new_keys_only() {
    let (below, ring) = (SimulatedDisk::new(), TestRing::with(&["one"]));
    let disk = disk(&below, &ring);
    let path = Path::new("a/docs");
    write(&under(&disk, "one"), path, b"text");
    let first = stored(&below, path);
    disk.remove_file(path).unwrap();
    write(&under(&disk, "one"), path, b"text");
    let second = stored(&below, path);
    assert_ne!(
        first[HEADER_BYTES..],
        second[HEADER_BYTES..],
        "each file has a data key of its own"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_flipped_byte_is_noticed(len in 0..(CHUNK_BYTES + 100), at in any::<prop::sample::Index>(), mask in 1..=255u8) {
        let (below, ring) = (SimulatedDisk::new(), TestRing::with(&["one"]));
        let disk = disk(&below, &ring);
        let path = Path::new("b/docs");
        write(&under(&disk, "one"), path, &text(len));
        let mut bytes = stored(&below, path);
        let place = at.index(bytes.len());
        bytes[place] ^= mask;
        replace(&below, path, &bytes);
        // A file whose first bytes changed is not known as encrypted; what is read is then no text of ours.
        match read_all(&disk, path) {
            Ok(read) => prop_assert!(place < MAGIC.len() && read[..] == bytes[..]),
            Err(error) => prop_assert!(error.get_ref().is_some_and(|e| e.is::<SealedError>())),
        }
    }

    #[test]
    fn ranges_read_as_in_the_plain_text(len in 1..(4 * CHUNK_BYTES), a in any::<prop::sample::Index>(), b in any::<prop::sample::Index>()) {
        let (below, ring) = (SimulatedDisk::new(), TestRing::with(&["one"]));
        let disk = disk(&below, &ring);
        let path = Path::new("b/docs");
        write(&under(&disk, "one"), path, &text(len));
        let (a, b) = (a.index(len + 1), b.index(len + 1));
        let (start, end) = (a.min(b), a.max(b));
        let read = disk.open(path).unwrap().read_at(start as u64, end - start).unwrap();
        prop_assert_eq!(&read[..], &text(len)[start..end]);
    }
}
