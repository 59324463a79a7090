//! The types of file systems, and what makes them.

use serde::Deserialize;

/// The names of all types.
pub(super) const NAMES: &[&str] =
    &["bcachefs", "btrfs", "ext2", "ext3", "ext4", "ext4dev", "f2fs", "lvm", "ocfs2", "reiserfs", "swap", "vfat", "xfs"];

/// A type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum FsKind {
    Bcachefs,
    Btrfs,
    Ext2,
    Ext3,
    Ext4,
    Ext4dev,
    F2fs,
    Lvm,
    Ocfs2,
    Reiserfs,
    Swap,
    Vfat,
    Xfs,
}

/// The command that makes one.
pub(super) struct Maker {
    pub(super) program: &'static str,
    /// Options so that it asks nothing: whether something is there was looked at before.
    pub(super) options: &'static [&'static str],
    pub(super) uuid: Uuid,
}

/// How a new one gets a UUID.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Uuid {
    Unsupported,
    /// By this option of the command that makes it.
    Option(&'static str),
    /// By another command, once it is made.
    Afterwards,
}

impl FsKind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Bcachefs => "bcachefs",
            Self::Btrfs => "btrfs",
            Self::Ext2 => "ext2",
            Self::Ext3 => "ext3",
            Self::Ext4 => "ext4",
            Self::Ext4dev => "ext4dev",
            Self::F2fs => "f2fs",
            Self::Lvm => "lvm",
            Self::Ocfs2 => "ocfs2",
            Self::Reiserfs => "reiserfs",
            Self::Swap => "swap",
            Self::Vfat => "vfat",
            Self::Xfs => "xfs",
        }
    }

    /// Whether `blkid` calls it so.
    pub(super) fn is_called(self, name: &str) -> bool {
        match self {
            Self::Lvm => name == "LVM2_member",
            Self::Ext4dev => matches!(name, "ext4dev" | "ext4"),
            other => name == other.name(),
        }
    }

    pub(super) fn maker(self) -> Maker {
        let (program, options, uuid): (_, &[&str], _) = match self {
            Self::Bcachefs => ("mkfs.bcachefs", &["--force"], Uuid::Option("-U")),
            Self::Btrfs => ("mkfs.btrfs", &["-f"], Uuid::Unsupported),
            Self::Ext2 => ("mkfs.ext2", &["-F"], Uuid::Option("-U")),
            Self::Ext3 => ("mkfs.ext3", &["-F"], Uuid::Option("-U")),
            Self::Ext4 | Self::Ext4dev => ("mkfs.ext4", &["-F"], Uuid::Option("-U")),
            Self::F2fs => ("mkfs.f2fs", &["-f"], Uuid::Unsupported),
            Self::Lvm => ("pvcreate", &["-f", "-y"], Uuid::Afterwards),
            Self::Ocfs2 => ("mkfs.ocfs2", &["-Fx"], Uuid::Unsupported),
            Self::Reiserfs => ("mkfs.reiserfs", &["-q"], Uuid::Unsupported),
            Self::Swap => ("mkswap", &["-f"], Uuid::Unsupported),
            Self::Vfat => ("mkfs.vfat", &[], Uuid::Unsupported),
            // Words such as `generate` are known to the other command only.
            Self::Xfs => ("mkfs.xfs", &["-f"], Uuid::Afterwards),
        };
        Maker { program, options, uuid }
    }
}
