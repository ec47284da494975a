//! LOG-4: which documents of which log file are settled, that is in a block, or beaten by an equal or
//! newer version.

use std::collections::BTreeMap;

use super::DocumentPosition;

/// Bits that become set: file number → indexes of documents in the file. A delta, as one seal makes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SettledBits {
    files: BTreeMap<u32, Vec<u32>>,
}

impl SettledBits {
    /// Adds one document. Adding it twice changes nothing in effect.
    pub fn add(&mut self, position: DocumentPosition) {
        self.add_index(position.file, position.document_index_in_file);
    }

    /// Adds the document with this index of this file.
    pub fn add_index(&mut self, file: u32, document_index_in_file: u32) {
        self.files
            .entry(file)
            .or_default()
            .push(document_index_in_file);
    }

    /// Whether no bit is set by this.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Files with their indexes, in no order and maybe repeated.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &[u32])> {
        self.files
            .iter()
            .map(|(file, indexes)| (*file, indexes.as_slice()))
    }
}

impl Extend<DocumentPosition> for SettledBits {
    fn extend<T: IntoIterator<Item = DocumentPosition>>(&mut self, positions: T) {
        for position in positions {
            self.add(position);
        }
    }
}

impl FromIterator<DocumentPosition> for SettledBits {
    fn from_iter<T: IntoIterator<Item = DocumentPosition>>(positions: T) -> Self {
        let mut bits = Self::default();
        bits.extend(positions);
        bits
    }
}

/// All set bits, file by file, as the catalog keeps them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SettledBitmaps {
    files: BTreeMap<u32, Bitmap>,
}

impl SettledBitmaps {
    /// Sets what `bits` says.
    pub fn apply(&mut self, bits: &SettledBits) {
        for (file, indexes) in bits.iter() {
            let bitmap = self.files.entry(file).or_default();
            for index in indexes {
                bitmap.set(*index);
            }
        }
    }

    /// Puts the bitmap of a file in place.
    pub fn insert(&mut self, file: u32, bitmap: Bitmap) {
        self.files.insert(file, bitmap);
    }

    /// The bitmap of a file, if any of its bits is set.
    #[must_use]
    pub fn get(&self, file: u32) -> Option<&Bitmap> {
        self.files.get(&file)
    }

    /// Forgets a file and returns its bitmap.
    pub fn remove(&mut self, file: u32) -> Option<Bitmap> {
        self.files.remove(&file)
    }

    /// Files with their bitmaps, oldest file first.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &Bitmap)> {
        self.files.iter().map(|(file, bitmap)| (*file, bitmap))
    }
}

/// A growing set of indexes; what is beyond its end is not set.
#[derive(Clone, Debug, Default)]
pub struct Bitmap {
    words: Vec<u64>,
    set: u32,
}

impl PartialEq for Bitmap {
    /// Equal when the same bits are set.
    fn eq(&self, other: &Self) -> bool {
        let trimmed = |b: &Self| {
            b.words
                .iter()
                .rposition(|w| *w != 0)
                .map_or(0, |last| last + 1)
        };
        self.words
            .iter()
            .take(trimmed(self))
            .eq(other.words.iter().take(trimmed(other)))
    }
}

impl Eq for Bitmap {}

impl Bitmap {
    /// Sets a bit; `true` when it was not set before.
    pub fn set(&mut self, index: u32) -> bool {
        let (word, mask) = Self::place(index);
        if self.words.len() <= word {
            self.words.resize(word + 1, 0);
        }
        let Some(bits) = self.words.get_mut(word) else {
            return false;
        };
        let is_new = *bits & mask == 0;
        *bits |= mask;
        self.set += u32::from(is_new);
        is_new
    }

    /// Whether a bit is set.
    #[must_use]
    pub fn contains(&self, index: u32) -> bool {
        let (word, mask) = Self::place(index);
        self.words.get(word).is_some_and(|bits| bits & mask != 0)
    }

    /// Whether all of `first..first + count` are set.
    #[must_use]
    pub fn contains_range(&self, first: u32, count: u32) -> bool {
        first
            .checked_add(count)
            .is_some_and(|end| (first..end).all(|i| self.contains(i)))
    }

    /// Number of set bits.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.set
    }

    /// The bits as bytes, index 0 the lowest bit of the first byte, without zero bytes at the end.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes: Vec<u8> = self
            .words
            .iter()
            .flat_map(|word| word.to_le_bytes())
            .collect();
        bytes.truncate(
            bytes
                .iter()
                .rposition(|b| *b != 0)
                .map_or(0, |last| last + 1),
        );
        bytes
    }

    /// The inverse of [`Self::to_bytes`]; takes any bytes.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let words: Vec<u64> = bytes
            .chunks(8)
            .map(|chunk| {
                chunk
                    .iter()
                    .rev()
                    .fold(0, |word, byte| word << 8 | u64::from(*byte))
            })
            .collect();
        let set = words.iter().map(|word| word.count_ones()).sum();
        Self { words, set }
    }

    fn place(index: u32) -> (usize, u64) {
        ((index / 64) as usize, 1 << (index % 64))
    }
}
