//! What a block asks of a disk, until `crate::files` has it.

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// See the module.
pub trait Disk: Send + Sync + fmt::Debug {
    fn create(&self, path: &Path) -> io::Result<Box<dyn NewFile>>;
    fn open(&self, path: &Path) -> io::Result<Arc<dyn OpenFile>>;
}

/// A file being written.
pub trait NewFile: io::Write + Send {
    fn sync(&mut self) -> io::Result<()>;
}

/// A file that is read in ranges.
pub trait OpenFile: Send + Sync {
    fn bytes(&self) -> io::Result<u64>;
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()>;
}
