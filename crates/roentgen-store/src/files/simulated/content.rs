//! The content of a simulated file: as programs see it, and as it is after a power loss.

use rand::RngExt;
use rand::rngs::StdRng;

/// What a disk writes at once or not at all.
const SECTOR_BYTES: usize = 512;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct FileContent {
    now: Vec<u8>,
    durable: Vec<u8>,
    /// Changes since the last sync, oldest first.
    pending: Vec<Change>,
}

#[derive(Debug)]
enum Change {
    Write { offset: usize, data: Vec<u8> },
    Resize { len: usize },
}

impl FileContent {
    /// A file that is safe already.
    pub(super) fn durable(content: &[u8]) -> Self {
        Self {
            now: content.to_vec(),
            durable: content.to_vec(),
            pending: Vec::new(),
        }
    }

    pub(super) fn now(&self) -> &[u8] {
        &self.now
    }

    pub(super) fn write(&mut self, offset: usize, data: &[u8]) {
        write(&mut self.now, offset, data);
        self.pending.push(Change::Write {
            offset,
            data: data.to_vec(),
        });
    }

    pub(super) fn resize(&mut self, len: usize) {
        self.now.resize(len, 0);
        self.pending.push(Change::Resize { len });
    }

    pub(super) fn sync(&mut self) {
        for change in std::mem::take(&mut self.pending) {
            change.apply(&mut self.durable);
        }
    }

    /// A sync that failed: any part of the changes may have reached the disk, the rest never will.
    pub(super) fn fail_sync(&mut self, random: &mut StdRng) {
        lose(
            &mut self.durable,
            &std::mem::take(&mut self.pending),
            random,
        );
    }

    pub(super) fn lose_power(&mut self, random: &mut StdRng) {
        lose(
            &mut self.durable,
            &std::mem::take(&mut self.pending),
            random,
        );
        self.now.clone_from(&self.durable);
    }

    pub(super) fn flip_bits(&mut self, offset: u64, mask: u8) -> bool {
        let Ok(index) = usize::try_from(offset) else {
            return false;
        };
        if let Some(byte) = self.durable.get_mut(index) {
            *byte ^= mask;
        }
        let byte = self.now.get_mut(index);
        byte.map(|byte| *byte ^= mask).is_some()
    }
}

impl Change {
    fn apply(&self, to: &mut Vec<u8>) {
        match self {
            Self::Write { offset, data } => write(to, *offset, data),
            Self::Resize { len } => to.resize(*len, 0),
        }
    }
}

/// Applies an arbitrary part of the changes: none, all, the first ones with the last of them torn at a
/// byte, or any sectors of any of them.
fn lose(durable: &mut Vec<u8>, pending: &[Change], random: &mut StdRng) {
    match random.random_range(0..4) {
        0 => {}
        1 => pending.iter().for_each(|change| change.apply(durable)),
        2 => {
            let whole = random.random_range(0..=pending.len());
            for (index, change) in pending.iter().enumerate() {
                match change {
                    change if index < whole => change.apply(durable),
                    Change::Write { offset, data } if index == whole => {
                        let torn = random.random_range(0..=data.len());
                        write(durable, *offset, data.get(..torn).unwrap_or_default());
                    }
                    _ => {}
                }
            }
        }
        _ => pending
            .iter()
            .for_each(|change| lose_sectors(durable, change, random)),
    }
}

fn lose_sectors(durable: &mut Vec<u8>, change: &Change, random: &mut StdRng) {
    match change {
        Change::Write { offset, data } => {
            let mut start = 0;
            while start < data.len() {
                let end = ((offset + start) / SECTOR_BYTES + 1) * SECTOR_BYTES - offset;
                let end = end.min(data.len());
                if random.random_bool(0.5) {
                    write(
                        durable,
                        offset + start,
                        data.get(start..end).unwrap_or_default(),
                    );
                }
                start = end;
            }
        }
        Change::Resize { .. } if random.random_bool(0.5) => change.apply(durable),
        Change::Resize { .. } => {}
    }
}

fn write(to: &mut Vec<u8>, offset: usize, data: &[u8]) {
    let end = offset + data.len();
    if to.len() < end && !data.is_empty() {
        to.resize(end, 0);
    }
    if let Some(target) = to.get_mut(offset..end) {
        target.copy_from_slice(data);
    }
}
