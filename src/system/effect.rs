//! What a command will have done: declared by the module that runs it, recorded by check mode, applied by the fake machine.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::identity::{Group, Package, User};

/// One effect of a command on the machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Effect {
    /// A package is installed (or up- or downgraded to this version).
    PackageInstalled(Package),
    /// A package is gone.
    PackageRemoved(String),
    /// A user exists with these properties.
    User(User),
    /// A user is gone.
    UserRemoved(String),
    /// A group exists with these properties.
    Group(Group),
    /// A group is gone.
    GroupRemoved(String),
    /// A service is in this state; `None` leaves a property as it is.
    Service {
        /// The unit.
        name: String,
        /// Whether it runs.
        active: Option<bool>,
        /// Whether it starts at boot.
        enabled: Option<bool>,
        /// Whether it is masked.
        masked: Option<bool>,
    },
    /// A file of unknown content appears, or its content changes to something unknown.
    FileWritten(PathBuf),
    /// A file has this content now, which the module worked out beforehand. Its attributes stay; a new file gets those of the process.
    FileContent {
        /// The file.
        path: PathBuf,
        /// All of it.
        content: Vec<u8>,
    },
    /// A package puts this there, as root's. A directory that is there stays, anything else is replaced.
    Placed {
        /// Where.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
        /// What it is.
        what: Placed,
    },
    /// A file, or a directory with everything in it, is gone.
    FileRemoved(PathBuf),
    /// A directory appears.
    DirectoryMade(PathBuf),
    /// A file system is mounted on this directory.
    Mounted {
        /// The device or source.
        source: String,
        /// The mount point.
        target: PathBuf,
        /// The type of file system.
        fstype: String,
    },
    /// Nothing is mounted on this directory any more.
    Unmounted(PathBuf),
    /// Something that no other observation shows has this value now: a rule of the packet filter, a setting that only a program can tell.
    /// [`super::System::known`] tells it to later tasks of check mode. What was known of subjects that begin with this one and a
    /// line break is known no longer.
    Known {
        /// What, in parts separated by line breaks.
        subject: String,
        /// How it is.
        value: String,
    },
    /// Something that no later observation can see; the text says what, for the diff.
    Other(String),
}

/// What a package puts on the machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Placed {
    /// A directory.
    Directory,
    /// A symbolic link with this text.
    Link(PathBuf),
    /// A regular file.
    File {
        /// Bytes.
        size: u64,
        /// All of it; `None` when nobody looked.
        content: Option<Vec<u8>>,
    },
}
