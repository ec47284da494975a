//! Open files of a simulated disk.

use std::io::{self, Write};
use std::path::PathBuf;

use bytes::Bytes;

use super::super::{DiskReader, DiskWriter, LogFile};
use super::{SharedFile, SimulatedDisk, Step, power_is_off};

/// An open file; dead after a power loss.
#[derive(Debug)]
pub(super) struct Handle {
    disk: SimulatedDisk,
    file: SharedFile,
    path: PathBuf,
    boot: u64,
}

impl Handle {
    pub(super) fn new(disk: SimulatedDisk, file: SharedFile, path: PathBuf, boot: u64) -> Self {
        Self {
            disk,
            file,
            path,
            boot,
        }
    }

    fn write(&self, offset: usize, data: &[u8]) -> io::Result<()> {
        let mut state = self.disk.state.lock();
        self.check_boot(state.boot)?;
        let step = state.step()?;
        let len = self.file.lock().now().len();
        let growth = (offset + data.len()).saturating_sub(len);
        match step {
            Step::Failed(kind) => {
                // A write that fails may have written a part.
                let part = data.get(..data.len() / 2).unwrap_or_default();
                if state.has_space((offset + part.len()).saturating_sub(len) as u64) {
                    self.file.lock().write(offset, part);
                }
                Err(kind.into())
            }
            Step::Done | Step::Cut if !state.has_space(growth as u64) => {
                Err(io::ErrorKind::StorageFull.into())
            }
            Step::Done => {
                self.file.lock().write(offset, data);
                Ok(())
            }
            Step::Cut => {
                self.file.lock().write(offset, data);
                Err(power_is_off())
            }
        }
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.disk.state.lock();
        self.check_boot(state.boot)?;
        let step = match state.step()? {
            Step::Done if std::mem::take(&mut state.fail_next_sync) => {
                Step::Failed(io::ErrorKind::Other)
            }
            step => step,
        };
        match step {
            Step::Done => {
                self.file.lock().sync();
                Ok(())
            }
            Step::Cut => Err(power_is_off()),
            Step::Failed(kind) => {
                self.file.lock().fail_sync(&mut state.random);
                Err(kind.into())
            }
        }
    }

    fn resize(&self, len: impl FnOnce(usize) -> usize) -> io::Result<()> {
        let mut state = self.disk.state.lock();
        self.check_boot(state.boot)?;
        let step = state.step()?;
        let old = self.file.lock().now().len();
        let new = len(old);
        if let Step::Failed(kind) = step {
            return Err(kind.into());
        }
        if !state.has_space(new.saturating_sub(old) as u64) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.file.lock().resize(new);
        if matches!(step, Step::Cut) {
            Err(power_is_off())
        } else {
            Ok(())
        }
    }

    fn check_boot(&self, boot: u64) -> io::Result<()> {
        if boot == self.boot {
            Ok(())
        } else {
            Err(power_is_off())
        }
    }

    fn check_powered(&self) -> io::Result<()> {
        let state = self.disk.state.lock();
        state.powered()?;
        self.check_boot(state.boot)
    }

    fn check_readable(&self) -> io::Result<()> {
        self.check_powered()?;
        let state = self.disk.state.lock();
        if state.unreadable.contains(&self.path) {
            return Err(io::Error::other("simulated read failure"));
        }
        Ok(())
    }
}

impl DiskReader for Handle {
    fn len(&self) -> io::Result<u64> {
        self.check_powered()?;
        Ok(self.file.lock().now().len() as u64)
    }

    fn read_at(&self, offset: u64, len: usize) -> io::Result<Bytes> {
        self.check_readable()?;
        let file = self.file.lock();
        let start = usize::try_from(offset).map_err(io::Error::other)?;
        let range = start
            .checked_add(len)
            .and_then(|end| file.now().get(start..end));
        range
            .map(Bytes::copy_from_slice)
            .ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }
}

impl LogFile for Handle {
    fn write_at(&mut self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.write(usize::try_from(offset).map_err(io::Error::other)?, data)
    }

    fn sync_data(&mut self) -> io::Result<()> {
        self.sync()
    }

    fn preallocate(&mut self, len: u64) -> io::Result<()> {
        let len = usize::try_from(len).map_err(io::Error::other)?;
        self.resize(|old| old.max(len))
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        let len = usize::try_from(len).map_err(io::Error::other)?;
        self.resize(|old| old.min(len))
    }
}

/// A file being written front to back.
#[derive(Debug)]
pub(super) struct Writer {
    handle: Handle,
    offset: usize,
}

impl Writer {
    pub(super) fn new(handle: Handle) -> Self {
        Self { handle, offset: 0 }
    }
}

impl Write for Writer {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.handle.write(self.offset, data)?;
        self.offset += data.len();
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl DiskWriter for Writer {
    fn sync_all(&mut self) -> io::Result<()> {
        self.handle.sync()
    }
}
