use serde_json::json;

use super::*;

fn defaults() -> Defaults {
    Defaults { home: "/home/me".into(), local_user: "me".into(), agent: Some("/run/agent".into()), ..Defaults::default() }
}

fn lookup(vars: Value) -> Box<Lookup<'static>> {
    Box::new(move |name| vars.get(name).cloned())
}

/// An inventory as a mapping from host to variables.
fn resolve_in(inventory: &Value, name: &str, defaults: &Defaults) -> Result<Target, String> {
    let find = |wanted: &str| -> Result<Bastion<'static>, String> {
        let wanted = if wanted == "_scn_master" { "scn-master" } else { wanted };
        let vars = inventory.get(wanted).cloned().ok_or_else(|| format!("no host matches `{wanted}`"))?;
        Ok(Bastion { name: wanted.to_owned(), vars: lookup(vars) })
    };
    let vars = lookup(inventory.get(name).cloned().unwrap_or_default());
    resolve(name, &*vars, &find, defaults).map_err(|error| error.message().to_owned())
}

fn alone(vars: Value) -> Result<Target, String> {
    resolve_in(&json!({ "web": vars }), "web", &defaults())
}

fn way(target: &Target) -> Vec<String> {
    target.bastions.iter().chain([&target.host]).map(Hop::login).collect()
}

#[test]
fn a_host_without_variables() {
    let target = alone(json!({})).expect("is clear");
    assert_eq!(way(&target), ["me@web:22"]);
    let host = target.host;
    assert!(host.default_keys);
    assert_eq!(host.private_keys.first(), Some(&PathBuf::from("/home/me/.ssh/id_ed25519")));
    assert_eq!(host.known_hosts.first(), Some(&PathBuf::from("/home/me/.ssh/known_hosts")));
    assert_eq!(host.agent, Some(PathBuf::from("/run/agent")));
    assert_eq!((host.host_key_checking, host.connect_timeout.as_secs(), host.retries), (HostKeyChecking::Strict, 10, 0));
}

#[test]
fn every_spelling_of_a_variable() {
    for (vars, expected) in [
        (json!({"ansible_host": "10.0.0.1", "ansible_user": "a", "ansible_port": 2222}), "a@10.0.0.1:2222"),
        (json!({"ansible_ssh_host": "10.0.0.1", "ansible_ssh_user": "a", "ansible_ssh_port": "2222"}), "a@10.0.0.1:2222"),
        (json!({"ansible_host": "10.0.0.1", "ansible_ssh_host": "10.0.0.2"}), "me@10.0.0.1:22"),
        (json!({"ansible_ssh_common_args": "-p 2222 -l a"}), "a@web:2222"),
        (json!({"ansible_port": 1, "ansible_ssh_common_args": "-p 2"}), "me@web:1"),
        (json!({"ansible_port": 1, "ansible_ssh_args": "-o Port=2"}), "me@web:2"),
        (json!({"ansible_user": null}), "me@web:22"),
    ] {
        assert_eq!(way(&alone(vars.clone()).expect("is clear")), [expected], "{vars}");
    }
    let target = alone(json!({
        "ansible_ssh_pass": "s", "ansible_ssh_private_key_file": "~/k%1.pem", "ansible_ssh_private_key_passphrase": "p",
        "ansible_ssh_retries": "3", "ansible_ssh_timeout": 4, "ansible_host_key_checking": "accept-new", "ansible_remote_tmp": "~/t",
    }))
    .expect("is clear");
    assert_eq!(target.temp_dir.as_deref(), Some("~/t"));
    let host = target.host;
    assert_eq!(host.password.as_ref().map(Secret::expose), Some("s"));
    assert_eq!(host.passphrase.as_ref().map(Secret::expose), Some("p"));
    assert_eq!(host.private_keys, [PathBuf::from("/home/me/k%1.pem")]);
    assert!(!host.default_keys);
    assert_eq!((host.retries, host.connect_timeout.as_secs()), (3, 4));
    assert_eq!(host.host_key_checking, HostKeyChecking::AcceptNew);
}

#[test]
fn host_keys_are_unchecked_only_when_that_is_said() {
    let checking = |vars| alone(vars).expect("is clear").host.host_key_checking;
    assert_eq!(checking(json!({"ansible_host_key_checking": false})), HostKeyChecking::Off);
    assert_eq!(checking(json!({"ansible_ssh_host_key_checking": "no"})), HostKeyChecking::Off);
    assert_eq!(checking(json!({"ansible_host_key_checking": true})), HostKeyChecking::Strict);
    assert_eq!(
        checking(json!({"ansible_host_key_checking": true, "ansible_ssh_common_args": "-o StrictHostKeyChecking=no"})),
        HostKeyChecking::Off
    );
    assert_eq!(
        checking(json!({"ansible_host_key_checking": false, "ansible_ssh_common_args": "-o StrictHostKeyChecking=yes"})),
        HostKeyChecking::Off
    );
    assert_eq!(checking(json!({"ansible_ssh_extra_args": "-o StrictHostKeyChecking=ask"})), HostKeyChecking::Strict);
    let defaults = Defaults { host_key_checking: Some(HostKeyChecking::Off), ..defaults() };
    let target = resolve_in(&json!({}), "web", &defaults).expect("is clear");
    assert_eq!(target.host.host_key_checking, HostKeyChecking::Off);
    let files =
        alone(json!({"ansible_ssh_common_args": "-o UserKnownHostsFile=/dev/null -o GlobalKnownHostsFile=none"})).expect("is clear");
    assert_eq!(files.host.known_hosts, [PathBuf::from("/dev/null")]);
}

#[test]
fn what_makes_no_sense_is_an_error_with_the_name_of_the_variable() {
    for (vars, message) in [
        (json!({"ansible_port": "ssh"}), "`ansible_port`: `ssh` is no port"),
        (json!({"ansible_user": ["a"]}), "the variable `ansible_user` is no text"),
        (json!({"ansible_connection": "locl"}), "kconf has no kind of connection `locl`: it has `ssh` and `local`; did you mean `local`?"),
        (json!({"ansible_ssh_common_args": "-L 1:h:1"}), "`ansible_ssh_common_args`: the ssh option `-L 1:h:1`: kconf does not have it"),
        (json!({"ansible_ssh_common_args": "bastion"}), "`ansible_ssh_common_args`: `bastion` is no option of ssh"),
        (json!({"ansible_host_key_checking": "maybe"}), "`ansible_host_key_checking`: `maybe` is none of `yes`, `accept-new` and `no`"),
        (json!({"kconf_bastion": "nobody"}), "`kconf_bastion: nobody`: no host matches `nobody`"),
    ] {
        assert_eq!(alone(vars).expect_err("an error"), format!("the connection to `web` is not clear: {message}"));
    }
}

#[test]
fn this_machine() {
    assert_eq!(alone(json!({"ansible_connection": "local"})).expect("is clear").kind, Kind::Local);
    let defaults = Defaults { connection: Some("local".into()), ..defaults() };
    assert_eq!(resolve_in(&json!({}), "web", &defaults).expect("is clear").kind, Kind::Local);
    let ssh = json!({"web": {"ansible_connection": "ssh"}});
    assert_eq!(resolve_in(&ssh, "web", &defaults).expect("is clear").kind, Kind::Ssh);
}

#[test]
fn a_bastion_of_the_inventory_has_its_own_variables() {
    let inventory = json!({
        "scn-master": {"ansible_host": "203.0.113.7", "ansible_user": "ubuntu", "ansible_port": 2222, "kconf_bastion": "_scn_master"},
        "scn-1": {"ansible_host": "10.0.0.1", "ansible_user": "ubuntu", "kconf_bastion": "_scn_master", "ansible_ssh_private_key_file": "/k"},
        "deep": {"ansible_host": "10.1.0.1", "kconf_bastion": "scn-1"},
        "direct": {"kconf_bastion": "none", "ansible_ssh_common_args": "-J other"},
        "unset": {"kconf_bastion": ""},
    });
    let ways = |name| way(&resolve_in(&inventory, name, &defaults()).expect("is clear"));
    assert_eq!(ways("scn-1"), ["ubuntu@203.0.113.7:2222", "ubuntu@10.0.0.1:22"]);
    // The variable is set for all; the bastion does not stand behind itself.
    assert_eq!(ways("scn-master"), ["ubuntu@203.0.113.7:2222"]);
    assert_eq!(ways("deep"), ["ubuntu@203.0.113.7:2222", "ubuntu@10.0.0.1:22", "me@10.1.0.1:22"]);
    assert_eq!(ways("direct"), ["me@direct:22"]);
    assert_eq!(ways("unset"), ["me@unset:22"]);
    let target = resolve_in(&inventory, "scn-1", &defaults()).expect("is clear");
    assert_eq!(target.bastions[0].name, "scn-master");
    assert!(target.bastions[0].default_keys, "the key of the host is not the key of the bastion");
}

#[test]
fn bastions_in_a_circle() {
    let inventory = json!({"a": {"kconf_bastion": "b"}, "b": {"kconf_bastion": "c"}, "c": {"kconf_bastion": "a"}});
    let error = resolve_in(&inventory, "a", &defaults()).expect_err("a circle");
    assert!(error.ends_with("its bastions lead in a circle: a → b → c → a"), "{error}");
}

#[test]
fn jumps_of_arguments_and_of_the_configuration() {
    let config = "Host bastion\n HostName 203.0.113.7\n User ec2-user\n IdentityFile ~/.ssh/bastion.pem\n\
                  Host *.lab\n ProxyJump bastion\nHost far.lab\n HostName %h.example\nHost nested\n ProxyJump bastion\nHost a\n ProxyJump b\nHost b\n ProxyJump a\n";
    let defaults = Defaults { ssh_config: SshConfig::parse(config), ..defaults() };
    let ways = |vars: Value, name: &str| resolve_in(&json!({ name: vars }), name, &defaults).map(|target| way(&target));
    assert_eq!(
        ways(json!({"ansible_ssh_common_args": "-J x@bastion:2022"}), "web"),
        Ok(vec!["x@203.0.113.7:2022".into(), "me@web:22".into()])
    );
    assert_eq!(
        ways(json!({"ansible_ssh_common_args": "-o ProxyCommand=\"ssh -i /b -W %h:%p bastion\""}), "web"),
        Ok(vec!["ec2-user@203.0.113.7:22".into(), "me@web:22".into()])
    );
    assert_eq!(ways(json!({}), "web.lab"), Ok(vec!["ec2-user@203.0.113.7:22".into(), "me@web.lab:22".into()]));
    assert_eq!(ways(json!({}), "far.lab"), Ok(vec!["ec2-user@203.0.113.7:22".into(), "me@far.lab.example:22".into()]));
    assert_eq!(ways(json!({"ansible_ssh_common_args": "-F none"}), "web.lab"), Ok(vec!["me@web.lab:22".into()]));
    assert_eq!(ways(json!({"ansible_ssh_common_args": "-o ProxyJump=none"}), "web.lab"), Ok(vec!["me@web.lab:22".into()]));
    assert_eq!(
        ways(json!({"ansible_ssh_common_args": "-J nested,inner"}), "web"),
        Ok(vec!["ec2-user@203.0.113.7:22".into(), "me@nested:22".into(), "me@inner:22".into(), "me@web:22".into()])
    );
    assert!(ways(json!({}), "a").is_err_and(|error| error.contains("circle")));

    let by_command =
        resolve_in(&json!({"web": {"ansible_ssh_common_args": "-o ProxyCommand='ssh -i /b -W %h:%p bastion'"}}), "web", &defaults);
    let keys = by_command.expect("is clear").bastions[0].private_keys.clone();
    assert_eq!(keys, [PathBuf::from("/b"), PathBuf::from("/home/me/.ssh/bastion.pem")]);
}
