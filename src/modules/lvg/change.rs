//! Changing groups.

use std::path::{Path, PathBuf};

use super::look::{self, Group};
use super::{Arguments, Device, State};
use crate::base::shlex;
use crate::modules::shared::lvm::{self, ABSENT};
use crate::modules::shared::required_command;
use crate::modules::shared::run::change;
use crate::modules::{Context, Failure};
use crate::system::Effect;

impl Arguments {
    fn call(&self, ctx: &mut Context<'_>, words: &[&str], effects: &[Effect], what: &str) -> Result<(), Failure> {
        let purpose = format!("{what} the volume group `{}`", self.vg);
        let program = required_command(ctx.system, &words[..1], &purpose)?;
        let command = ctx.command([program.as_str()].iter().chain(&words[1..]).copied());
        change(ctx, &command, effects, &purpose).map(drop)
    }

    fn told(&self, what: &str) -> Effect {
        Effect::Other(format!("volume group {}: {what}", self.vg))
    }

    /// The words of an option that is a command line.
    fn words(&self, name: &str, text: &str) -> Result<Vec<String>, Failure> {
        shlex::split(text).map_err(|reason| self.fail("make", &format!("`{name}` cannot be read: {reason}")))
    }

    pub(super) fn remove(&self, ctx: &mut Context<'_>) -> Result<(), Failure> {
        let effects = [
            self.told("present -> absent"),
            Effect::Known { subject: lvm::group_subject(&self.vg), value: ABSENT.to_owned() },
            Effect::Known { subject: lvm::volume_subject(&self.vg, None), value: ABSENT.to_owned() },
        ];
        self.call(ctx, &["vgremove", "--force", &self.vg], &effects, "remove")
    }

    pub(super) fn make(&self, ctx: &mut Context<'_>, devices: &[Device]) -> Result<(), Failure> {
        let own = self.words("vg_options", &self.vg_options)?;
        let mut words = vec!["vgcreate"];
        words.extend(own.iter().map(String::as_str));
        if self.state != State::Present && !self.vg_options.contains("autoactivation") && look::remembers(ctx, self, None)?.is_some() {
            words.extend(["--setautoactivation", if self.state == State::Active { "y" } else { "n" }]);
        }
        words.extend(["-s", &self.pesize, &self.vg]);
        words.extend(devices.iter().map(|device| device.name.as_str()));
        let mut effects = vec![self.told("absent -> present")];
        effects.push(self.belongs(&devices.iter().map(|device| device.path.clone()).collect::<Vec<_>>()));
        effects.push(Effect::Known { subject: lvm::volume_subject(&self.vg, None), value: ABSENT.to_owned() });
        for device in devices {
            self.prepare(ctx, device)?;
            effects.push(Effect::Known { subject: lvm::device_subject(&device.path), value: self.vg.clone() });
        }
        self.call(ctx, &words, &effects, "make")
    }

    /// Lets later tasks of check mode know the devices of the group.
    fn belongs(&self, devices: &[PathBuf]) -> Effect {
        let lines: Vec<String> = devices.iter().map(|device| device.display().to_string()).collect();
        Effect::Known { subject: lvm::group_subject(&self.vg), value: lines.join("\n") }
    }

    /// Makes a physical volume of a device that is none.
    fn prepare(&self, ctx: &mut Context<'_>, device: &Device) -> Result<(), Failure> {
        if device.group.is_some() {
            return Ok(());
        }
        let own = self.words("pv_options", &self.pv_options)?;
        let mut words = vec!["pvcreate"];
        words.extend(own.iter().map(String::as_str));
        words.extend(["-f", &device.name]);
        let effects = [
            Effect::Other(format!("device {}: it becomes a physical volume", device.name)),
            Effect::FileWritten(device.path.clone()),
            Effect::Known { subject: lvm::device_subject(&device.path), value: String::new() },
        ];
        self.call(ctx, &words, &effects, &format!("make a physical volume of `{}` for", device.name))
    }

    pub(super) fn activate(&self, ctx: &mut Context<'_>, active: bool) -> Result<(), Failure> {
        let is = look::activation(ctx, self)?;
        let (word, state) = if active { ("y", "active") } else { ("n", "inactive") };
        let known = || Effect::Known { subject: lvm::activation_subject(&self.vg), value: state.to_owned() };
        if is.at_boot.is_some_and(|at_boot| at_boot != active) {
            let effects = [self.told(&format!("{state} at boot")), known()];
            self.call(ctx, &["vgchange", "--setautoactivation", word, &self.vg], &effects, "set what is active at boot in")?;
        }
        let is_so = if active { is.is_active } else { is.is_inactive };
        if is_so {
            return Ok(());
        }
        let effects = [self.told(&format!("its volumes become {state}")), known()];
        let what = if active { "activate" } else { "deactivate" };
        self.call(ctx, &["vgchange", "--activate", word, &self.vg], &effects, what)
    }

    /// Gives a group that is there its devices.
    pub(super) fn adapt(&self, ctx: &mut Context<'_>, group: &Group, devices: &[Device]) -> Result<(), Failure> {
        if self.reset_vg_uuid {
            self.call(ctx, &["vgchange", "-u", &self.vg], &[self.told("a new UUID")], "give a new UUID to")?;
        }
        let (old, new): (Vec<&Device>, Vec<&Device>) = devices.iter().partition(|device| group.devices.contains(&device.path));
        for device in old {
            let told = |what: &str| [Effect::Other(format!("physical volume {}: {what}", device.name))];
            // What is one only in the prediction has the size of its device.
            let is_foreseen = ctx.system.known(&lvm::device_subject(&device.path)).is_some();
            if self.pvresize && !is_foreseen && look::can_grow(ctx, self, device)? {
                self.call(ctx, &["pvresize", &device.name], &told("it grows"), &format!("let `{}` grow in", device.name))?;
            }
            if self.reset_pv_uuid {
                let what = format!("give a new UUID to `{}` in", device.name);
                self.call(ctx, &["pvchange", "-u", &device.name], &told("a new UUID"), &what)?;
            }
        }
        let mut belonging = group.devices.clone();
        if !new.is_empty() {
            let mut words = vec!["vgextend", &self.vg];
            let mut effects = Vec::new();
            for device in new {
                self.prepare(ctx, device)?;
                words.push(&device.name);
                belonging.push(device.path.clone());
                effects.extend(self.moves(&device.path, true));
            }
            effects.push(self.belongs(&belonging));
            self.call(ctx, &words, &effects, "extend")?;
        }
        let is_extra =
            |path: &&PathBuf| !devices.is_empty() && self.remove_extra_pvs && !devices.iter().any(|device| device.path == **path);
        let extra: Vec<&PathBuf> = group.devices.iter().filter(is_extra).collect();
        if extra.is_empty() {
            return Ok(());
        }
        belonging.retain(|path| !extra.contains(&path));
        let names: Vec<String> = extra.iter().map(|path| path.display().to_string()).collect();
        let mut words = vec!["vgreduce", "--force", &self.vg];
        words.extend(names.iter().map(String::as_str));
        let mut effects: Vec<Effect> = extra.iter().flat_map(|path| self.moves(path, false)).collect();
        effects.push(self.belongs(&belonging));
        self.call(ctx, &words, &effects, "take devices out of")
    }

    fn moves(&self, path: &Path, into: bool) -> [Effect; 2] {
        let (what, group) = if into { ("is added", self.vg.clone()) } else { ("leaves", String::new()) };
        let told = self.told(&format!("{} {what}", path.display()));
        [told, Effect::Known { subject: lvm::device_subject(path), value: group }]
    }
}
