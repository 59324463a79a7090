//! Making, resizing and removing volumes.

use super::look::{Kind, Room, Volume, size_of_devices};
use super::size::{Amount, Of, Sign, Size, float, whole};
use super::{Task, look};
use crate::base::shlex;
use crate::modules::shared::lvm::{self, ABSENT};
use crate::modules::shared::required_command;
use crate::modules::shared::run::{change, look as look_at};
use crate::modules::{Context, Failure};
use crate::system::Effect;

/// How many extents a volume is to have: LVM rounds to one side or the other.
struct Target {
    least: u64,
    most: u64,
}

impl Task<'_> {
    fn call(&mut self, ctx: &mut Context<'_>, words: &[String], effects: &[Effect], what: &str, may_be_tried: bool) -> Result<(), Failure> {
        let purpose = format!("{what} the logical volume `{}`", self.full_name(self.name));
        let name = words.first().map_or("", String::as_str);
        let program = required_command(ctx.system, &[name], &purpose)?;
        let rest = || words.iter().skip(1).cloned();
        if may_be_tried && self.can_be_tried(ctx) {
            look_at(ctx, &ctx.command([program.clone(), "--test".to_owned()].into_iter().chain(rest())), &purpose)?;
        }
        let command = ctx.command([program].into_iter().chain(rest()));
        let output = change(ctx, &command, effects, &purpose)?;
        // What is asked for may be less than what it can use.
        self.changed |= !output.stdout_text().contains(" unchanged from ");
        Ok(())
    }

    fn told(&self, what: &str) -> Effect {
        Effect::Other(format!("logical volume {}: {what}", self.full_name(self.name)))
    }

    fn known(&self, volume: &Volume) -> [Effect; 2] {
        let value = serde_json::to_string(volume).unwrap_or_default();
        [Effect::Known { subject: lvm::volume_subject(&self.args.vg, Some(&volume.name)), value }, self.room_changes()]
    }

    fn room_changes(&self) -> Effect {
        Effect::Known { subject: lvm::room_subject(&self.args.vg), value: "changed".to_owned() }
    }

    fn device(&self) -> std::path::PathBuf {
        std::path::Path::new("/dev").join(&self.args.vg).join(self.name)
    }

    pub(super) fn remove(&mut self, ctx: &mut Context<'_>) -> Result<(), Failure> {
        if !self.args.force {
            return Err(self.fail("remove", "its data is lost then").hint("set `force: true` to remove it"));
        }
        let subject = lvm::volume_subject(&self.args.vg, Some(self.name));
        let known = Effect::Known { subject, value: ABSENT.to_owned() };
        let effects = [self.told("present -> absent"), Effect::FileRemoved(self.device()), known, self.room_changes()];
        let words = ["lvremove", "--force", &self.full_name(self.name)].map(str::to_owned);
        self.call(ctx, &words, &effects, "remove", true)
    }

    pub(super) fn make(&mut self, ctx: &mut Context<'_>) -> Result<(), Failure> {
        let args = self.args;
        let opts = match &args.opts {
            Some(opts) => shlex::split(opts).map_err(|why| self.fail("make", &format!("`opts` cannot be read: {why}")))?,
            None => Vec::new(),
        };
        let (kind, origin) = self.kind()?;
        let mut words = vec!["lvcreate".to_owned(), "--yes".to_owned()];
        if args.snapshot.is_none() && args.lv.is_some() {
            words.extend(["-n".to_owned(), self.name.to_owned()]);
        }
        words.extend(self.size_words(kind, args.snapshot.is_some())?);
        if args.snapshot.is_some() {
            words.extend(["-s".to_owned(), "-n".to_owned(), self.name.to_owned()]);
        }
        words.extend(opts);
        match (&args.snapshot, &args.lv, &args.thinpool) {
            (Some(_), Some(lv), _) => words.push(self.full_name(lv)),
            (None, _, Some(pool)) => words.extend(["-T".to_owned(), self.full_name(pool)]),
            _ => words.push(args.vg.clone()),
        }
        words.extend(args.pvs.iter().flatten().cloned());
        let size = self.foreseen_size(ctx, kind, &origin)?;
        let volume = Volume { name: self.name.to_owned(), size, is_active: true, kind, origin, stripes: 1 };
        let mut effects = vec![self.told("absent -> present")];
        if let Some(dir) = self.device().parent() {
            effects.push(Effect::DirectoryMade(dir.to_path_buf()));
        }
        effects.push(Effect::FileWritten(self.device()));
        effects.extend(self.known(&volume));
        self.call(ctx, &words, &effects, "make", true)?;
        self.changed = true;
        self.volumes.push(volume);
        if args.active { Ok(()) } else { self.activate(ctx, true) }
    }

    /// What a new one is, and what it is a snapshot of.
    fn kind(&self) -> Result<(Kind, String), Failure> {
        let args = self.args;
        if args.snapshot.is_some() {
            let lv = args.lv.as_deref().ok_or_else(|| self.fail("make", "a snapshot needs the volume that it is one of, in `lv`"))?;
            let why = || format!("the volume `{lv}`, of which it is to be a snapshot, does not exist");
            let origin = self.volume(lv).ok_or_else(|| self.fail("make", &why()))?;
            let is_thin = origin.kind == Kind::Thin && self.size.is_none();
            return Ok((if is_thin { Kind::Thin } else { Kind::Plain }, lv.to_owned()));
        }
        match (&args.lv, &args.thinpool) {
            (Some(_), Some(pool)) => match self.volume(pool).map(|pool| pool.kind) {
                Some(Kind::Pool) => Ok((Kind::Thin, String::new())),
                Some(_) => Err(self.fail("make", &format!("`{pool}` is no thin pool"))),
                None => Err(self.fail("make", &format!("the thin pool `{pool}` does not exist")).hint("make it in an earlier task")),
            },
            (None, Some(_)) => Ok((Kind::Pool, String::new())),
            _ => Ok((Kind::Plain, String::new())),
        }
    }

    fn size_words(&self, kind: Kind, is_snapshot: bool) -> Result<Vec<String>, Failure> {
        let Some(size) = &self.size else {
            return match kind {
                // It has that of its origin.
                Kind::Thin if is_snapshot => Ok(Vec::new()),
                _ => Err(self.fail("make", "a new one needs a `size`")),
            };
        };
        if size.sign != Sign::None {
            return Err(self.fail("make", &format!("it is not there, so its size cannot be changed by `{}`", size.words()[1])));
        }
        match kind {
            Kind::Thin if size.is_percentage() => Err(self.fail("make", "the size of a volume in a thin pool is no percentage")),
            Kind::Thin => Ok(vec!["-V".to_owned(), size.value().to_owned()]),
            _ => Ok(size.words().to_vec()),
        }
    }

    fn foreseen_size(&self, ctx: &Context<'_>, kind: Kind, origin: &str) -> Result<Option<u64>, Failure> {
        let Some(size) = &self.size else { return Ok(self.volume(origin).and_then(|origin| origin.size)) };
        let target = self.target(ctx, size, origin, 1)?;
        Ok(match (&size.amount, self.group.room) {
            (Amount::Bytes(bytes), None) => Some(whole(*bytes)),
            (Amount::Percent(..), _) if kind == Kind::Pool => None,
            (_, room) => room.zip(target).map(|(room, target)| target.least.saturating_mul(room.extent)),
        })
    }

    /// The extents of a size; `None` where they are not known.
    fn target(&self, ctx: &Context<'_>, size: &Size, origin: &str, stripes: u64) -> Result<Option<Target>, Failure> {
        let Some(Room { size: all, free, extent }) = self.group.room else { return Ok(None) };
        let bytes = match size.amount {
            Amount::Bytes(bytes) => {
                let extents = whole((bytes / float(extent)).ceil()).next_multiple_of(stripes);
                return Ok(Some(Target { least: extents, most: extents }));
            }
            Amount::Percent(percent, of) => {
                let whole = match of {
                    Of::Group => Some(all),
                    Of::Free => Some(free),
                    Of::Devices => Some(size_of_devices(ctx, self.args)?),
                    Of::Origin => self.volume(origin).and_then(|origin| origin.size),
                };
                whole.map(|whole| percent / 100.0 * float(whole))
            }
        };
        let Some(bytes) = bytes else { return Ok(None) };
        let exact = bytes / float(extent);
        let least = whole(exact.floor()) / stripes * stripes;
        Ok(Some(Target { least, most: whole(exact.ceil()).next_multiple_of(stripes) }))
    }

    pub(super) fn resize(&mut self, ctx: &mut Context<'_>, volume: &Volume) -> Result<(), Failure> {
        let Some(size) = self.size.clone() else { return Ok(()) };
        let target = self.target(ctx, &size, &volume.origin, volume.stripes)?;
        // Of a group that is there only in the prediction, volumes are as they were just made.
        let (Some(room), Some(now), Some(target)) = (self.group.room, volume.size, target) else {
            return self.grow_unseen(ctx, &size, volume);
        };
        let now = now.div_ceil(room.extent);
        let (grows, shrinks, to) = match size.sign {
            Sign::Plus => (target.least > 0, false, now.saturating_add(target.least)),
            Sign::Minus => (false, target.most > 0, now.saturating_sub(target.most)),
            Sign::None => {
                // A snapshot as large as its origin is a little larger.
                let is_of_origin = matches!(size.amount, Amount::Percent(_, Of::Origin));
                let to = if now < target.least { target.least } else { target.most };
                (now < target.least, now > target.most && !is_of_origin, to)
            }
        };
        let to = Volume { size: Some(to.saturating_mul(room.extent)), ..volume.clone() };
        if grows {
            return self.set_size(ctx, &["lvextend"], &size, &to, "extend");
        }
        if !shrinks || !self.args.shrink {
            return Ok(());
        }
        if !self.args.force {
            let why = format!("it has {now} extents and `{}` asks for less, by which data is lost", size.words()[1]);
            return Err(self.fail("shrink", &why).hint("set `force: true` to shrink it, or `shrink: false` to leave it larger"));
        }
        self.set_size(ctx, &["lvreduce", "--force"], &size, &to, "shrink")
    }

    /// Where sizes are not known before the real run, only a sign says that they change.
    fn grow_unseen(&mut self, ctx: &mut Context<'_>, size: &Size, volume: &Volume) -> Result<(), Failure> {
        let to = Volume { size: None, ..volume.clone() };
        match size.sign {
            Sign::Plus => self.set_size(ctx, &["lvextend"], size, &to, "extend"),
            Sign::Minus if self.args.shrink && self.args.force => self.set_size(ctx, &["lvreduce", "--force"], size, &to, "shrink"),
            _ => Ok(()),
        }
    }

    fn set_size(&mut self, ctx: &mut Context<'_>, command: &[&str], size: &Size, to: &Volume, what: &str) -> Result<(), Failure> {
        let mut words: Vec<String> = command.iter().map(|word| (*word).to_owned()).collect();
        words.extend(self.args.resizefs.then(|| "--resizefs".to_owned()));
        words.extend(size.words());
        words.push(self.full_name(self.name));
        if what == "extend" {
            words.extend(self.args.pvs.iter().flatten().cloned());
        }
        let mut effects = vec![self.told(&format!("its size becomes {}", size.words()[1]))];
        effects.push(Effect::FileWritten(self.device()));
        effects.extend(self.known(to));
        // A file system is asked whether it fits, and a trial asks it too.
        self.call(ctx, &words, &effects, what, !self.args.resizefs)
    }

    /// Makes it active, or not.
    pub(super) fn activate(&mut self, ctx: &mut Context<'_>, is_active: bool) -> Result<(), Failure> {
        let active = self.args.active;
        if active == is_active {
            return Ok(());
        }
        let (option, what) = if active { ("-ay", "activate") } else { ("-an", "deactivate") };
        let words = ["lvchange", option, &self.full_name(self.name)].map(str::to_owned);
        let mut effects = vec![self.told(if active { "inactive -> active" } else { "active -> inactive" })];
        let device = self.device();
        effects.push(if active { Effect::FileWritten(device) } else { Effect::FileRemoved(device) });
        let known = look::volumes(ctx, self.args)?.into_iter().find(|volume| volume.name == self.name);
        if let Some(known) = known.or_else(|| self.volume(self.name).cloned()) {
            effects.extend(self.known(&Volume { is_active: active, ..known }));
        }
        self.call(ctx, &words, &effects, what, false)?;
        self.changed = true;
        Ok(())
    }
}
