//! File systems that are smaller than their devices.

use std::path::Path;

use super::{Arguments, FsKind};
use crate::modules::shared::ids::text_of;
use crate::modules::shared::required_command;
use crate::modules::shared::run::look;
use crate::modules::{Context, Failure, ModuleResult, Outcome};
use crate::system::{FileKind, Follow};

const PURPOSE: &str = "grow the file system on";

/// Lets the file system grow to the size of its device.
pub(super) fn grow(ctx: &mut Context<'_>, args: &Arguments, kind: FsKind, outcome: Outcome) -> ModuleResult {
    let dev = args.dev();
    let (program, words, size, unit): (_, Vec<String>, _, u64) = match kind {
        FsKind::Ext2 | FsKind::Ext3 | FsKind::Ext4 | FsKind::Ext4dev => {
            let text = ask(ctx, args, "tune2fs", &["-l", &dev])?;
            let block = number(&text, "Block size:");
            ("resize2fs", vec![dev], product(number(&text, "Block count:"), block), block.unwrap_or(0))
        }
        FsKind::Xfs => {
            let point = mount_point(ctx, args)?;
            let text = ask(ctx, args, "xfs_info", &[&point])?;
            let data = text.lines().find(|line| line.trim_start().starts_with("data")).unwrap_or_default();
            let block = number(data, "bsize=");
            ("xfs_growfs", vec![point], product(number(data, "blocks="), block), block.unwrap_or(0))
        }
        FsKind::Btrfs => {
            let point = mount_point(ctx, args)?;
            let text = ask(ctx, args, "btrfs", &["filesystem", "usage", "-b", &point])?;
            let words = ["filesystem", "resize", "max", &point].iter().map(|word| (*word).to_owned()).collect();
            ("btrfs", words, number(&text, "Device size:"), 4096)
        }
        FsKind::F2fs => {
            let text = ask(ctx, args, "dump.f2fs", &[&dev])?;
            let sector = number(&text, "Info: sector size =");
            // It counts in sections of two megabytes.
            ("resize.f2fs", vec![dev], product(number(&text, "Info: total FS sectors ="), sector), 2 << 20)
        }
        FsKind::Lvm => {
            let text = ask(ctx, args, "pvs", &["--noheadings", "-o", "dev_size,pv_size,pe_start", "--units", "b", "--nosuffix", &dev])?;
            let fields: Vec<u64> = text.split_whitespace().filter_map(|field| field.parse().ok()).collect();
            let size = match fields.as_slice() {
                [_, used, start] => used.checked_add(*start),
                _ => None,
            };
            // It counts in extents, of four megabytes as a rule.
            ("pvresize", vec![dev], size, 4 << 20)
        }
        FsKind::Vfat => {
            let text = ask(ctx, args, "fatresize", &["--info", &dev])?;
            let room = device_size(ctx, args)?;
            ("fatresize", vec!["-s".to_owned(), room.to_string(), dev], number(&text, "Size:"), 1 << 20)
        }
        _ => return Err(args.fail(PURPOSE, &format!("file systems of the type {} cannot grow", kind.name()))),
    };
    let size = size.ok_or_else(|| args.fail(PURPOSE, &format!("`{program}` does not come with a tool that tells its size")))?;
    // What is less than a unit cannot be used.
    if size.saturating_add(unit.max(1)) > device_size(ctx, args)? {
        return Ok(outcome.with("msg", format!("the file system uses the whole device `{}`", args.dev.display())));
    }
    let said = args.change(ctx, program, &words, PURPOSE)?;
    // The rest of the device may be too small for it to use.
    let changed = !said.contains("Nothing to do") && !said.contains("data size unchanged");
    Ok(outcome.with("msg", said).changed(changed))
}

fn ask(ctx: &Context<'_>, args: &Arguments, program: &str, words: &[&str]) -> Result<String, Failure> {
    let purpose = format!("{PURPOSE} `{}`", args.dev.display());
    let program = required_command(ctx.system, &[program], &purpose)?;
    let command = ctx.command([program.as_str()].iter().chain(words).copied());
    Ok(look(ctx, &command, &purpose)?.stdout_text())
}

/// The number behind `label`.
fn number(text: &str, label: &str) -> Option<u64> {
    let (_, rest) = text.split_once(label)?;
    let digits: String = rest.trim_start().chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

fn product(count: Option<u64>, size: Option<u64>) -> Option<u64> {
    count?.checked_mul(size?)
}

fn device_size(ctx: &Context<'_>, args: &Arguments) -> Result<u64, Failure> {
    if let Some(stat) = ctx.system.stat(&args.dev, Follow::Yes)?.filter(|stat| stat.kind == FileKind::File) {
        return Ok(stat.size);
    }
    let text = ask(ctx, args, "blockdev", &["--getsize64", &args.dev()])?;
    text.trim().parse().map_err(|_| args.fail(PURPOSE, &format!("`blockdev` says `{}` and not its size", text.trim())))
}

fn mount_point(ctx: &Context<'_>, args: &Arguments) -> Result<String, Failure> {
    let device = ctx.system.real_path(&args.dev)?;
    for line in text_of(ctx.system, "/proc/mounts")?.lines() {
        let mut fields = line.split(' ');
        let (Some(source), Some(target)) = (fields.next(), fields.next()) else { continue };
        let source = Path::new(source);
        if source.is_absolute() && ctx.system.stat(source, Follow::Yes)?.is_some() && ctx.system.real_path(source)? == device {
            return Ok(target.replace("\\040", " ").replace("\\134", "\\"));
        }
    }
    Err(args.fail(PURPOSE, "it is not mounted, and such a file system grows only while it is").hint("mount it in an earlier task"))
}
