//! `user`: accounts of users.

mod create;
mod home;
mod modify;
mod remove;
mod shadow;
mod ssh_key;
mod supplementary;

use std::path::PathBuf;

use serde::Deserialize;

use super::shared::exists;
use super::shared::ids;
use super::shared::state::State;
use super::spec::BUILTIN;
use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place, Return, Spec};
use crate::base::Secret;
use crate::system::User;

const ELSEWHERE: &str = "For other systems than Linux; on Linux it changes nothing, as with Ansible.";

/// The declaration of `user`.
pub static MODULE: Spec = Spec {
    name: "user",
    collections: BUILTIN,
    summary: "Make, change and remove accounts of users",
    description: &[
        "Uses `useradd`, `usermod` and `userdel` of the host (on Alpine Linux the package `shadow` brings them). What is not given stays as it is.",
        "A password is handed to the host's `chpasswd` on its standard input, so it never shows in a list of processes.",
    ],
    options: &[
        Opt::new("name", Kind::Str, "Name of the user.").required().aliases(&["user"]),
        Opt::new("state", Kind::Str, "Whether the account is to be there.").choices(&["absent", "present"]).default("\"present\""),
        Opt::new("uid", Kind::Int, "The number of the user."),
        Opt::new("non_unique", Kind::Bool, "Whether `uid` may be a number that another user has.").default("false"),
        Opt::new("comment", Kind::Str, "The description (GECOS) of the account."),
        Opt::new("group", Kind::Str, "The primary group: a name or a number. Without it a new user gets a group of the same name where the host does so."),
        Opt::new(
            "groups",
            Kind::List(&Kind::Str),
            "The other groups the user is in. The user leaves all groups that are not listed, unless `append` is set; an empty text or list \
             leaves the primary group only.",
        ),
        Opt::new("append", Kind::Bool, "Whether the user stays in groups that `groups` does not list.").default("false"),
        Opt::new("home", Kind::Path, "The home directory."),
        Opt::new("create_home", Kind::Bool, "Whether a missing home directory is made, from the skeleton.").default("true").aliases(&["createhome"]),
        Opt::new("move_home", Kind::Bool, "Whether the old home directory moves to a new `home` that does not exist yet.").default("false"),
        Opt::new("skeleton", Kind::Str, "The directory whose content a new home directory gets."),
        Opt::new("umask", Kind::Str, "The file mode creation mask (octal) for a new home directory. Not with `local`."),
        Opt::new("shell", Kind::Path, "The login shell."),
        Opt::new(
            "password",
            Kind::Str,
            "The password as a hash (see the filter `password_hash`). `!` or `*` makes an account that nobody can log in to by password.",
        )
        .secret(),
        Opt::new("update_password", Kind::Str, "`always`: whenever it differs. `on_create`: for new users only.")
            .choices(&["always", "on_create"])
            .default("\"always\""),
        Opt::new("password_lock", Kind::Bool, "Whether the password is locked. Other ways to log in are not affected."),
        Opt::new("password_expire_max", Kind::Int, "Days after which a password must be changed."),
        Opt::new("password_expire_min", Kind::Int, "Days before which a password cannot be changed again."),
        Opt::new("password_expire_warn", Kind::Int, "Days of warning before a password expires."),
        Opt::new("password_expire_account_disable", Kind::Int, "Days after a password expired until the account is disabled."),
        Opt::new("expires", Kind::Float, "When the account expires, in seconds since 1970; negative: never."),
        Opt::new("system", Kind::Bool, "Whether a new account is one of the system. An existing account stays what it is.").default("false"),
        Opt::new("uid_min", Kind::Int, "The smallest number for a new user, in place of `UID_MIN` in `/etc/login.defs`. Not with `local`."),
        Opt::new("uid_max", Kind::Int, "The largest number for a new user, in place of `UID_MAX` in `/etc/login.defs`. Not with `local`."),
        Opt::new("seuser", Kind::Str, "The SELinux user of a new account."),
        Opt::new("local", Kind::Bool, "Use the commands of libuser (`luseradd` and so on), for hosts whose accounts come from a directory service.")
            .default("false"),
        Opt::new("remove", Kind::Bool, "With `state: absent`: remove the home directory and the mail of the user too.").default("false"),
        Opt::new(
            "force",
            Kind::Bool,
            "With `state: absent`: remove the account even if the user is logged in. With `generate_ssh_key`: overwrite a key that is there.",
        )
        .default("false"),
        Opt::new("generate_ssh_key", Kind::Bool, "Whether the user gets an SSH key. A key that is there stays, unless `force` is set.").default("false"),
        Opt::new("ssh_key_type", Kind::Str, "The type of the key: `rsa`, `ed25519`, `ecdsa`.").default("\"rsa\""),
        Opt::new("ssh_key_bits", Kind::Int, "The size of the key; `ssh-keygen` of the host decides without it."),
        Opt::new("ssh_key_file", Kind::Path, "The file of the key, seen from the home directory. Without it `.ssh/id_` and the type."),
        Opt::new("ssh_key_comment", Kind::Str, "The comment in the key. Without it `ansible-generated on` and the name of the host."),
        Opt::new("ssh_key_passphrase", Kind::Str, "The passphrase of the key; without it the key has none.").secret(),
        Opt::new("authorization", Kind::Str, ELSEWHERE),
        Opt::new("hidden", Kind::Bool, ELSEWHERE),
        Opt::new("login_class", Kind::Str, ELSEWHERE),
        Opt::new("profile", Kind::Str, ELSEWHERE),
        Opt::new("role", Kind::Str, ELSEWHERE),
    ],
    rules: &[],
    free_form: None,
    returns: &[
        Return { name: "name", kind: "str", when: "always", doc: "Name of the user." },
        Return { name: "state", kind: "str", when: "always", doc: "`present` or `absent`." },
        Return { name: "uid", kind: "int", when: "state is present", doc: "The number of the user." },
        Return { name: "group", kind: "int", when: "state is present", doc: "The number of the primary group." },
        Return { name: "groups", kind: "str", when: "groups is given", doc: "`groups`, joined by commas." },
        Return { name: "comment", kind: "str", when: "state is present", doc: "The description of the account." },
        Return { name: "home", kind: "str", when: "state is present", doc: "The home directory." },
        Return { name: "shell", kind: "str", when: "state is present", doc: "The login shell." },
        Return { name: "append", kind: "bool", when: "the user was there", doc: "What `append` says." },
        Return { name: "move_home", kind: "bool", when: "the user was there", doc: "What `move_home` says." },
        Return { name: "create_home", kind: "bool", when: "the user was not there", doc: "What `create_home` says." },
        Return { name: "system", kind: "bool", when: "the user was not there", doc: "What `system` says." },
        Return { name: "force", kind: "bool", when: "a user was removed", doc: "What `force` says." },
        Return { name: "remove", kind: "bool", when: "a user was removed", doc: "What `remove` says." },
        Return { name: "password", kind: "str", when: "password is given", doc: "`NOT_LOGGING_PASSWORD`." },
        Return { name: "ssh_key_file", kind: "str", when: "generate_ssh_key is set", doc: "The file of the private key." },
        Return { name: "ssh_public_key", kind: "str", when: "generate_ssh_key is set", doc: "The public key; null where it is known only after the real run." },
        Return { name: "ssh_fingerprint", kind: "str", when: "generate_ssh_key is set", doc: "The fingerprint of the key; empty where it is known only after the real run." },
        Return { name: "stdout", kind: "str", when: "a command wrote something", doc: "What it wrote (`stderr`: to standard error)." },
    ],
    examples: "
- name: The account of the service
  user:
    name: klaytn
    system: true
    home: /var/kend
    shell: /usr/sbin/nologin

- name: An operator
  user:
    name: ada
    groups: [sudo, adm]
    append: true
    password: \"{{ ada_password | password_hash('sha512') }}\"
    update_password: on_create

- name: Who left
  user:
    name: bob
    state: absent
    remove: true
",
    place: Place::Target(run),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    name: String,
    state: State,
    uid: Option<i64>,
    non_unique: bool,
    comment: Option<String>,
    group: Option<String>,
    groups: Option<Vec<String>>,
    append: bool,
    home: Option<PathBuf>,
    create_home: bool,
    move_home: bool,
    skeleton: Option<PathBuf>,
    umask: Option<String>,
    shell: Option<String>,
    password: Option<Secret>,
    update_password: UpdatePassword,
    password_lock: Option<bool>,
    password_expire_max: Option<i64>,
    password_expire_min: Option<i64>,
    password_expire_warn: Option<i64>,
    password_expire_account_disable: Option<i64>,
    expires: Option<f64>,
    system: bool,
    uid_min: Option<i64>,
    uid_max: Option<i64>,
    seuser: Option<String>,
    local: bool,
    remove: bool,
    force: bool,
    generate_ssh_key: bool,
    ssh_key_type: String,
    ssh_key_bits: Option<u32>,
    ssh_key_file: Option<PathBuf>,
    ssh_key_comment: Option<String>,
    ssh_key_passphrase: Option<Secret>,
    #[serde(rename = "authorization")]
    _authorization: Option<String>,
    #[serde(rename = "hidden")]
    _hidden: Option<bool>,
    #[serde(rename = "login_class")]
    _login_class: Option<String>,
    #[serde(rename = "profile")]
    _profile: Option<String>,
    #[serde(rename = "role")]
    _role: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum UpdatePassword {
    Always,
    OnCreate,
}

impl Arguments {
    /// The program `name`, or the one of libuser.
    fn program(&self, ctx: &Context<'_>, name: &str, purpose: &str) -> Result<String, Failure> {
        let local = format!("l{name}");
        let found = super::shared::required_command(ctx.system, &[if self.local { &local } else { name }], purpose);
        found.map_err(|failure| match self.local {
            true => failure.hint("`local` needs the package `libuser` on the host"),
            false => failure.hint("install the package that brings it; on Alpine Linux it is `shadow`"),
        })
    }
}

fn run(ctx: &mut Context<'_>, args: Args) -> ModuleResult {
    let args: Arguments = args.parse()?;
    check(&args)?;
    let user = local_user(ctx, &args)?;
    match args.state {
        State::Absent => remove::remove(ctx, &args, user),
        State::Present => present(ctx, &args, user),
    }
}

/// What does not fit together.
fn check(args: &Arguments) -> Result<(), Failure> {
    let refuse = |reason: &str| Err(Failure::new(format!("failed to manage the user `{}`: {reason}", args.name)));
    for (option, given) in [("uid_min", args.uid_min.is_some()), ("uid_max", args.uid_max.is_some()), ("umask", args.umask.is_some())] {
        if args.local && given {
            return refuse(&format!("`{option}` means nothing with `local`"));
        }
    }
    if args.name.is_empty() || args.name.starts_with('-') || args.name.contains([':', '\n', '/', ',']) {
        return refuse("this cannot be the name of a user");
    }
    if args.umask.as_ref().is_some_and(|umask| u32::from_str_radix(umask, 8).is_err()) {
        return refuse("`umask` is no octal number");
    }
    if args.password.as_ref().is_some_and(|password| password.expose().contains([':', '\n'])) {
        return refuse("`password` holds a character that no hash has");
    }
    if args.comment.as_ref().is_some_and(|comment| comment.contains([':', '\n'])) {
        return refuse("`comment` may hold neither `:` nor a line break");
    }
    Ok(())
}

/// The account; with `local` only if it is one of this machine.
fn local_user(ctx: &Context<'_>, args: &Arguments) -> Result<Option<User>, Failure> {
    let Some(user) = ids::user_named(ctx.system, &args.name)? else { return Ok(None) };
    if !args.local {
        return Ok(Some(user));
    }
    let start = format!("{}:", args.name);
    let here = ids::text_of(ctx.system, "/etc/passwd")?.lines().any(|line| line.starts_with(&start));
    // What is neither in the file nor in a directory service is known to check mode alone.
    let elsewhere = || {
        let command = ctx.command(["getent", "passwd", &args.name]);
        ctx.system.probe(&command).is_ok_and(|output| output.success())
    };
    Ok(Some(user).filter(|_| here || !elsewhere()))
}

fn present(ctx: &mut Context<'_>, args: &Arguments, user: Option<User>) -> ModuleResult {
    let mut outcome = Outcome::new().with("name", args.name.as_str()).with("state", "present");
    match user {
        None => {
            create::create(ctx, args, &mut outcome)?;
            outcome = outcome.with("create_home", args.create_home).with("system", args.system);
        }
        Some(user) => {
            modify::modify(ctx, args, user, &mut outcome)?;
            outcome = outcome.with("append", args.append).with("move_home", args.move_home);
        }
    }
    shadow::expire_password(ctx, args, &mut outcome)?;
    let user = ids::user_named(ctx.system, &args.name)?
        .ok_or_else(|| Failure::new(format!("failed to find the user `{}`, although its account was made without an error", args.name)))?;
    if args.create_home && !exists(ctx.system, &user.home)? {
        home::make(ctx, args, &user)?;
    }
    if args.generate_ssh_key {
        ssh_key::generate(ctx, args, &user, &mut outcome)?;
    }
    if args.append && args.groups.is_none() {
        outcome = outcome.warn("`append` means nothing without `groups`");
    }
    if let Some(groups) = &args.groups {
        outcome = outcome.with("groups", groups.join(","));
    }
    if let Some(password) = &args.password {
        outcome = outcome.with("password", "NOT_LOGGING_PASSWORD");
        if !shadow::looks_hashed(password.expose()) {
            outcome = outcome.warn("`password` does not look like a hash; it is used as one, so nobody will be able to log in with it");
        }
    }
    let home = user.home.to_string_lossy().into_owned();
    Ok(outcome.with("uid", user.uid).with("group", user.gid).with("comment", user.comment).with("home", home).with("shell", user.shell))
}

#[cfg(test)]
mod tests;
