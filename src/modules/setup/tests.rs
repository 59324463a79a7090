use std::net::IpAddr;

use serde_json::{Map, Value, json};

use super::MODULE;
use crate::modules::testing::apply;
use crate::system::Address;
use crate::system::fake::Fake;

fn facts(machine: Fake, args: Value) -> Map<String, Value> {
    let applied = apply(&MODULE, machine, args);
    assert!(!applied.changed);
    applied.get("ansible_facts").as_object().cloned().unwrap_or_default()
}

fn expect(facts: &Map<String, Value>, expected: &Value) {
    for (name, value) in expected.as_object().into_iter().flatten() {
        assert_eq!(facts.get(&format!("ansible_{name}")), Some(value), "{name}");
    }
}

fn machine() -> Fake {
    Fake::new()
        .file("/etc/debian_version", "12.11\n")
        .file("/etc/hosts", "127.0.0.1 localhost\n10.0.0.7 fake.example.org fake\n")
        .file("/etc/machine-id", "3d1219c7c4c5404aaa1f6d2a48adfda4\n")
        .file("/etc/resolv.conf", "nameserver 10.0.0.2\nsearch a.org b.org\noptions ndots:2 rotate\n")
        .file("/proc/cmdline", "console=ttyS0 console=tty0 quiet root=/dev/vda1\n")
        .file("/proc/1/comm", "systemd\n")
        .file("/proc/loadavg", "0.50 0.25 0.10 1/100 999\n")
        .file("/proc/uptime", "3674.12 7000.00\n")
        .file("/etc/ssh/ssh_host_ed25519_key.pub", "ssh-ed25519 AAAAC3 root@fake\n")
        .program("/usr/bin/apt-get")
}

#[test]
fn the_system_is_told() {
    let facts = facts(machine(), json!({}));
    expect(
        &facts,
        &json!({
            "system": "Linux", "kernel": "6.1.0", "architecture": "x86_64", "userspace_bits": "64", "hostname": "fake", "nodename": "fake",
            "fqdn": "fake.example.org", "domain": "example.org", "machine_id": "3d1219c7c4c5404aaa1f6d2a48adfda4",
            "distribution": "Debian", "distribution_version": "12.11", "distribution_major_version": "12", "distribution_minor_version": "11",
            "distribution_release": "bookworm", "os_family": "Debian", "pkg_mgr": "apt", "service_mgr": "systemd",
            "user_id": "root", "user_dir": "/root", "user_uid": 0, "effective_user_id": 0, "real_group_id": 0,
            "selinux": {"status": "disabled"}, "apparmor": {"status": "disabled"}, "fips": false,
            "dns": {"nameservers": ["10.0.0.2"], "search": ["a.org", "b.org"], "options": {"ndots": "2", "rotate": true}},
            "cmdline": {"console": "tty0", "quiet": true, "root": "/dev/vda1"},
            "proc_cmdline": {"console": ["ttyS0", "tty0"], "quiet": true, "root": "/dev/vda1"},
            "loadavg": {"1m": 0.5, "5m": 0.25, "15m": 0.1}, "uptime_seconds": 3674,
            "ssh_host_key_ed25519_public": "AAAAC3", "ssh_host_key_ed25519_public_keytype": "ssh-ed25519",
            "lvm": "N/A", "bios_vendor": "NA", "virtualization_type": "NA", "virtualization_role": "NA",
        }),
    );
    assert_eq!((facts.get("gather_subset"), facts.get("module_setup")), (Some(&json!(["all"])), Some(&json!(true))));
    assert_eq!(facts.get("ansible_env").and_then(|env| env.get("HOME")), Some(&json!("/root")));
    let date = facts.get("ansible_date_time").cloned().unwrap_or_default();
    for (name, value) in [
        ("iso8601", "2023-11-14T22:13:20Z"),
        ("date", "2023-11-14"),
        ("time", "22:13:20"),
        ("weekday", "Tuesday"),
        ("weekday_number", "2"),
        ("weeknumber", "46"),
        ("epoch", "1700000000"),
        ("tz_offset", "+0000"),
    ] {
        assert_eq!(date.get(name), Some(&json!(value)), "{name}");
    }
}

#[test]
fn the_network_is_told() {
    let address = |ip: &str, prefix: u8, interface: &str| Address {
        interface: interface.into(),
        ip: ip.parse::<IpAddr>().unwrap_or_else(|error| panic!("{error}")),
        prefix,
        broadcast: None,
    };
    let machine = machine()
        .address(address("127.0.0.1", 8, "lo"))
        .address(address("192.0.2.2", 24, "br-lan"))
        .address(address("192.0.2.3", 24, "br-lan"))
        .address(address("fe80::1", 64, "br-lan"))
        .file("/sys/class/net/lo/type", "772\n")
        .file("/sys/class/net/br-lan/type", "1\n")
        .file("/sys/class/net/br-lan/address", "02:fc:00:00:00:01\n")
        .file("/sys/class/net/br-lan/mtu", "1400\n")
        .file("/sys/class/net/br-lan/operstate", "up\n")
        .file("/sys/class/net/br-lan/flags", "0x1103\n")
        .file("/sys/class/net/br-lan/bridge/stp_state", "0\n")
        .dir("/sys/class/net/br-lan/brif/eth0")
        .file("/proc/net/route", "Iface\tDestination\tGateway\nbr-lan\t00000000\t010200C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n");
    let facts = facts(machine, json!({"gather_subset": ["!all", "!min", "network"]}));
    expect(
        &facts,
        &json!({
            "interfaces": ["br-lan", "lo"],
            "all_ipv4_addresses": ["192.0.2.2", "192.0.2.3"],
            "all_ipv6_addresses": ["fe80::1"],
            "default_ipv4": {
                "address": "192.0.2.2", "alias": "br-lan", "broadcast": "", "gateway": "192.0.2.1", "interface": "br-lan",
                "macaddress": "02:fc:00:00:00:01", "mtu": 1400, "netmask": "255.255.255.0", "network": "192.0.2.0", "prefix": "24", "type": "bridge",
            },
            "default_ipv6": {},
            "locally_reachable_ips": {"ipv4": ["127.0.0.0/8", "127.0.0.1", "192.0.2.2", "192.0.2.3"], "ipv6": ["fe80::1"]},
            "br_lan": {
                "active": true, "device": "br-lan", "macaddress": "02:fc:00:00:00:01", "mtu": 1400, "promisc": true, "type": "bridge", "stp": false,
                "interfaces": ["eth0"],
                "ipv4": {"address": "192.0.2.2", "broadcast": "", "netmask": "255.255.255.0", "network": "192.0.2.0", "prefix": "24"},
                "ipv4_secondaries": [{"address": "192.0.2.3", "broadcast": "", "netmask": "255.255.255.0", "network": "192.0.2.0", "prefix": "24"}],
                "ipv6": [{"address": "fe80::1", "prefix": "64", "scope": "link"}],
            },
        }),
    );
    assert!(!facts.contains_key("ansible_env"), "only what was asked for");
}

#[test]
fn disks_and_mounts_are_told() {
    let machine = machine()
        .file("/sys/block/vda/size", "536870912\n")
        .file("/sys/block/vda/queue/scheduler", "none [mq-deadline]\n")
        .file("/sys/block/vda/queue/logical_block_size", "512\n")
        .file("/sys/block/vda/vda1/partition", "1\n")
        .file("/sys/block/vda/vda1/size", "2048\n")
        .file("/sys/block/vda/vda1/start", "2048\n")
        .link("/dev/disk/by-uuid/1111-2222", "../../vda1")
        .special("/dev/vda1", crate::system::FileKind::Block)
        .file("/proc/mounts", "proc /proc proc rw 0 0\n/dev/vda1 /data\\040x ext4 rw,relatime 0 0\n")
        .file("/proc/self/mountinfo", "36 35 98:0 /sub /data\\040x rw - ext4 /dev/vda1 rw\n");
    let facts = facts(machine, json!({"gather_subset": ["!all", "!min", "hardware"]}));
    let disk = facts.get("ansible_devices").and_then(|devices| devices.get("vda")).cloned().unwrap_or_default();
    assert_eq!(
        (disk.get("size"), disk.get("scheduler_mode"), disk.get("sectors")),
        (Some(&json!("256.00 GB")), Some(&json!("mq-deadline")), Some(&json!(536_870_912)))
    );
    let partition = disk.get("partitions").and_then(|partitions| partitions.get("vda1")).cloned().unwrap_or_default();
    assert_eq!(
        (partition.get("uuid"), partition.get("size"), partition.get("start")),
        (Some(&json!("1111-2222")), Some(&json!("1.00 MB")), Some(&json!("2048")))
    );
    expect(
        &facts,
        &json!({"mounts": [{
            "mount": "/data x", "device": "/dev/vda1", "fstype": "ext4", "options": "rw,relatime,bind", "dump": 0, "passno": 0, "uuid": "1111-2222",
            "size_total": 4_294_967_296_u64, "size_available": 2_147_483_648_u64, "block_size": 4096, "block_total": 1_048_576,
            "block_available": 524_288, "block_used": 524_288, "inode_total": 262_144, "inode_available": 131_072, "inode_used": 131_072,
        }]}),
    );
}

#[test]
fn local_facts_and_filters() {
    let machine = || {
        machine()
            .file("/etc/ansible/facts.d/app.fact", "[general]\nport = 80\n")
            .file("/etc/ansible/facts.d/json.fact", "{\"x\": [1]}")
            .file("/etc/ansible/facts.d/bad.fact", "just text")
            .file("/etc/ansible/facts.d/run.fact", "")
            .mode("/etc/ansible/facts.d/run.fact", 0o755)
            .answer(&["/etc/ansible/facts.d/run.fact"], 0, "{\"from\": \"program\"}", "")
    };
    let local = facts(machine(), json!({"gather_subset": ["!all", "!min", "local"]}));
    let local = local.get("ansible_local").cloned().unwrap_or_default();
    assert_eq!(
        (local.get("app"), local.get("json"), local.get("run")),
        (Some(&json!({"general": {"port": "80"}})), Some(&json!({"x": [1]})), Some(&json!({"from": "program"})))
    );
    assert!(local.get("bad").and_then(Value::as_str).is_some_and(|text| text.starts_with("error")), "{local}");
    let few = facts(machine(), json!({"filter": ["ansible_fqdn", "host*"]}));
    assert_eq!(few.keys().collect::<Vec<_>>(), ["ansible_hostname", "ansible_fqdn", "ansible_hostnqn"]);
    let wrong = apply(&MODULE, machine(), json!({"gather_subset": ["bogus"]}));
    assert!(wrong.failure().message.contains("`bogus`"), "{}", wrong.failure());
}

#[test]
fn virtual_machines_and_containers() {
    let kinds = |machine: Fake| {
        let facts = facts(machine, json!({"gather_subset": ["!all", "!min", "virtual"]}));
        let of = |name: &str| facts.get(&format!("ansible_virtualization_{name}")).cloned().unwrap_or_default();
        (of("type"), of("role"), of("tech_guest"), of("tech_host"))
    };
    let ec2 = Fake::new().file("/sys/devices/virtual/dmi/id/sys_vendor", "Amazon EC2\n");
    assert_eq!(kinds(ec2), (json!("kvm"), json!("guest"), json!(["kvm"]), json!([])));
    let docker = Fake::new().file("/.dockerenv", "").special("/dev/kvm", crate::system::FileKind::Character);
    assert_eq!(kinds(docker), (json!("docker"), json!("guest"), json!(["container", "docker"]), json!(["kvm"])));
    let host = Fake::new().file("/proc/modules", "kvm 1 0 - Live 0x0\n");
    assert_eq!(kinds(host), (json!("kvm"), json!("host"), json!([]), json!(["kvm"])));
}

#[test]
fn other_distributions() {
    let distribution = |fields: &[(&str, &str)], files: &[(&str, &str)]| {
        let machine = Fake::new().platform(|platform| {
            platform.os_release = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        });
        let machine = files.iter().fold(machine, |machine, (path, text)| machine.file(path, text));
        let facts = facts(machine, json!({"gather_subset": ["!all", "!min", "distribution"]}));
        ["distribution", "distribution_version", "distribution_major_version", "distribution_release", "os_family"]
            .map(|name| facts.get(&format!("ansible_{name}")).and_then(Value::as_str).unwrap_or("").to_owned())
    };
    assert_eq!(
        distribution(&[("ID", "ubuntu"), ("VERSION_ID", "22.04"), ("VERSION_CODENAME", "jammy"), ("NAME", "Ubuntu")], &[]),
        ["Ubuntu", "22.04", "22", "jammy", "Debian"]
    );
    assert_eq!(
        distribution(&[("ID", "rocky"), ("VERSION_ID", "9.3")], &[("/etc/redhat-release", "Rocky Linux release 9.3 (Blue Onyx)\n")]),
        ["Rocky", "9.3", "9", "Blue Onyx", "RedHat"]
    );
    assert_eq!(
        distribution(&[("ID", "amzn"), ("VERSION_ID", "2023"), ("NAME", "Amazon Linux")], &[]),
        ["Amazon", "2023", "2023", "NA", "RedHat"]
    );
    assert_eq!(
        distribution(&[("ID", "zorin"), ("ID_LIKE", "ubuntu debian"), ("VERSION_ID", "17"), ("NAME", "Zorin OS")], &[]),
        ["Zorin OS", "17", "17", "NA", "Debian"]
    );
}

/// The machine answers only programs that must be asked: the fake one knows no other.
fn told(machine: Fake, group: &str, names: &[&str]) -> Vec<Value> {
    let facts = facts(machine, json!({"gather_subset": ["!all", "!min", group]}));
    names.iter().map(|name| facts.get(&format!("ansible_{name}")).cloned().unwrap_or_default()).collect()
}

#[test]
fn lsb_release_runs_only_where_it_is_not_known_what_it_reads() {
    let system = |fields: &[(&str, &str)]| {
        Fake::new().program("/usr/bin/lsb_release").platform(|platform| {
            platform.os_release = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        })
    };
    let lsb = |machine: Fake| told(machine, "lsb", &["lsb"]).remove(0);
    let debian = Fake::new().answer(&["lsb_release", "-a"], 0, "Distributor ID:\tAsked\n", "").program("/usr/bin/lsb_release");
    assert_eq!(
        lsb(debian),
        json!({"id": "Debian", "description": "Debian GNU/Linux 12 (bookworm)", "release": "12", "codename": "bookworm", "major_release": "12"})
    );
    let file = "DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=22.04\nDISTRIB_CODENAME=jammy\nDISTRIB_DESCRIPTION=\"Ubuntu 22.04.3 LTS\"\n";
    let ubuntu =
        json!({"id": "Ubuntu", "description": "Ubuntu 22.04.3 LTS", "release": "22.04", "codename": "jammy", "major_release": "22"});
    assert_eq!(lsb(system(&[("ID", "ubuntu"), ("VERSION_ID", "22.04")]).file("/etc/lsb-release", file)), ubuntu);
    assert_eq!(lsb(Fake::new().file("/etc/lsb-release", file)), ubuntu, "without the program");
    assert_eq!(lsb(Fake::new()), json!({}));
    for fields in [&[("ID", "debian"), ("VERSION_ID", "11")][..], &[("ID", "debian")], &[("ID", "ubuntu")], &[("ID", "rhel")]] {
        let asked =
            system(fields).answer(&["/usr/bin/lsb_release", "-a"], 0, "LSB Version:\t1\nDistributor ID:\tAsked\nRelease:\t7.9\n", "");
        assert_eq!(lsb(asked), json!({"id": "Asked", "release": "7.9", "major_release": "7"}), "{fields:?}");
    }
}

#[test]
fn capsh_runs_only_for_some_of_the_capabilities() {
    let status = |inheritable: u64, permitted: u64, effective: u64| {
        Fake::new().program("/usr/sbin/capsh").file("/proc/sys/kernel/cap_last_cap", "40\n").file(
            "/proc/self/status",
            format!("Name:\tx\nCapInh:\t{inheritable:016x}\nCapPrm:\t{permitted:016x}\nCapEff:\t{effective:016x}\n"),
        )
    };
    let capabilities = |machine: Fake| told(machine, "caps", &["system_capabilities_enforced", "system_capabilities"]);
    let all = (1 << 41) - 1;
    assert_eq!(capabilities(status(0, all, all)), [json!("False"), json!([])]);
    assert_eq!(capabilities(status(0, 0, 0)), [json!("True"), json!([""])]);
    assert_eq!(capabilities(Fake::new()), [json!("NA"), json!([])]);
    for machine in [status(0, all >> 1, all >> 1), status(1, all, all), status(0, all, 0)] {
        let asked = machine.answer(&["/usr/sbin/capsh", "--print"], 0, "Current: cap_chown,cap_kill=ep\nBounding set =\n", "");
        assert_eq!(capabilities(asked), [json!("True"), json!(["ep"])]);
    }
}
