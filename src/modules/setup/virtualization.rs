//! Whether it is a virtual machine or a container, or hosts such.

use std::collections::BTreeSet;

use serde_json::json;

use super::{Facts, Source};

/// What was found: the first kind decides, all are told.
#[derive(Default)]
struct Found {
    kind: Option<(String, &'static str)>,
    guest: BTreeSet<String>,
    host: BTreeSet<String>,
}

impl Found {
    fn guest(&mut self, kind: &str) {
        self.guest.insert(kind.to_owned());
        self.kind.get_or_insert_with(|| (kind.to_owned(), "guest"));
    }

    fn host(&mut self, kind: &str) {
        self.host.insert(kind.to_owned());
        self.kind.get_or_insert_with(|| (kind.to_owned(), "host"));
    }
}

pub(super) fn virtualization(source: &Source<'_, '_>) -> Facts {
    let mut found = Found::default();
    containers(source, &mut found);
    xen(source, &mut found);
    firmware(source, &mut found);
    kernel(source, &mut found);
    hosts(source, &mut found);
    let (kind, role) = found.kind.unwrap_or_else(|| ("NA".to_owned(), "NA"));
    let mut facts = Facts::new();
    facts.insert("virtualization_type".into(), kind.into());
    facts.insert("virtualization_role".into(), role.into());
    facts.insert("virtualization_tech_guest".into(), json!(found.guest));
    facts.insert("virtualization_tech_host".into(), json!(found.host));
    facts
}

fn containers(source: &Source<'_, '_>, found: &mut Found) {
    let groups = source.text("/proc/1/cgroup").unwrap_or_default();
    let environment = source.text("/proc/1/environ").unwrap_or_default();
    let variable = environment.split('\0').find_map(|entry| entry.strip_prefix("container="));
    let is_docker = groups.lines().any(|line| line.contains("/docker/") || line.contains("/docker-"));
    if is_docker || source.exists("/.dockerenv") || source.exists("/.dockerinit") {
        found.guest("docker");
    }
    if groups.lines().any(|line| line.contains("/lxc/") || line.contains("/machine.slice/machine-lxc")) || variable == Some("lxc") {
        found.guest("lxc");
    }
    if groups.lines().any(|line| line.contains("/system.slice/containerd.service")) {
        found.guest("containerd");
    }
    if variable == Some("podman") || source.exists("/run/.containerenv") {
        found.guest("podman");
    }
    if variable.is_some() {
        found.guest("container");
    }
    if source.exists("/proc/vz") && !source.exists("/proc/lve") {
        if source.exists("/proc/bc") { found.host("openvz") } else { found.guest("openvz") }
    }
    if let Some(kind) = source.text("/run/systemd/container").filter(|kind| !kind.is_empty()) {
        found.guest(&kind);
    }
    if ["docker", "lxc", "podman", "openvz", "containerd"].iter().any(|kind| found.guest.contains(*kind)) {
        found.guest("container");
    }
}

fn xen(source: &Source<'_, '_>, found: &mut Found) {
    if source.exists("/proc/xen") {
        match source.text("/proc/xen/capabilities") {
            Some(text) if text.contains("control_d") => found.host("xen"),
            _ => found.guest("xen"),
        }
    } else if source.text("/sys/hypervisor/type").as_deref() == Some("xen") {
        found.guest("xen");
    }
}

/// What the firmware calls itself.
fn firmware(source: &Source<'_, '_>, found: &mut Found) {
    let text = |name: &str| source.text(format!("/sys/devices/virtual/dmi/id/{name}")).unwrap_or_default();
    let (product, vendor, family, bios) = (text("product_name"), text("sys_vendor"), text("product_family"), text("bios_vendor"));
    match product.as_str() {
        "KVM" | "KVM Server" | "Bochs" | "AHV" => found.guest("kvm"),
        "RHEV Hypervisor" | "oVirt Node" | "oVirt" if family == "RHV" || product == "RHEV Hypervisor" => found.guest("RHEV"),
        "VMware Virtual Platform" | "VMware7,1" | "VMware20,1" => found.guest("VMware"),
        "OpenStack Compute" | "OpenStack Nova" => found.guest("openstack"),
        "VirtualBox" => found.guest("virtualbox"),
        "HVM domU" | "Xen" => found.guest("xen"),
        "Parallels Virtual Platform" => found.guest("parallels"),
        "Virtual Machine" if vendor == "Microsoft Corporation" => found.guest("VirtualPC"),
        _ => {}
    }
    match vendor.as_str() {
        "Amazon EC2" | "QEMU" | "DigitalOcean" | "Nutanix" | "oVirt" | "Red Hat" | "Hetzner" | "linode" | "Linode" | "Kubevirt"
        | "KubeVirt" => {
            found.guest("kvm");
        }
        "Google" if product.starts_with("Google Compute Engine") => found.guest("kvm"),
        "Alibaba Cloud" | "Scaleway" | "OpenStack Foundation" => found.guest("kvm"),
        "VMware, Inc." => found.guest("VMware"),
        "Parallels Software International Inc." | "Parallels International GmbH." => found.guest("parallels"),
        "bhyve" => found.guest("bhyve"),
        _ => {}
    }
    match bios.as_str() {
        "Xen" => found.guest("xen"),
        "innotek GmbH" => found.guest("virtualbox"),
        "Amazon EC2" => found.guest("kvm"),
        _ => {}
    }
}

/// What processes, devices and processors tell.
fn kernel(source: &Source<'_, '_>, found: &mut Found) {
    let processors = source.text("/proc/cpuinfo").unwrap_or_default();
    for line in processors.lines() {
        if line.contains("QEMU Virtual CPU") || line.contains("QEMU TCG CPU") {
            found.guest("kvm");
        } else if line.contains("User Mode Linux") {
            found.guest("uml");
        } else if line.starts_with("vendor_id") && line.contains("PowerVM") {
            found.guest("powervm_lx86");
        } else if line.starts_with("vendor_id") && line.contains("IBM/S390") {
            found.guest("PR/SM");
        }
    }
    let status = source.text("/proc/self/status").unwrap_or_default();
    if let Some(value) = status.lines().find_map(|line| line.strip_prefix("VxID:")) {
        if value.trim() == "0" { found.host("linux_vserver") } else { found.guest("linux_vserver") }
    }
}

/// What it offers to others.
fn hosts(source: &Source<'_, '_>, found: &mut Found) {
    let modules = source.text("/proc/modules").unwrap_or_default();
    let has = |name: &str| modules.lines().any(|line| line.split_whitespace().next() == Some(name));
    if has("kvm") || source.exists("/dev/kvm") {
        if has("kvm") && source.names("/run/vdsm").iter().any(|name| name == "vdsmd.lock") {
            found.host("RHEV");
        } else {
            found.host("kvm");
        }
    }
    if has("vboxdrv") {
        found.host("virtualbox");
    }
    if has("virtio") {
        found.guest("kvm");
    }
}
