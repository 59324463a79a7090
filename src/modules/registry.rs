//! The list of all modules.

use super::Spec;

/// Every module there is, in alphabetical order.
#[rustfmt::skip]
pub static MODULES: &[&Spec] = &[
    &super::acl::MODULE,
    &super::add_host::MODULE,
    &super::alternatives::MODULE,
    &super::apt::MODULE,
    &super::apt_key::MODULE,
    &super::apt_repository::MODULE,
    &super::archive::MODULE,
    &super::assemble::MODULE,
    &super::assert::MODULE,
    &super::async_status::MODULE,
    &super::at::MODULE,
    &super::authorized_key::MODULE,
    &super::blockinfile::MODULE,
    &super::command::MODULE,
    &super::copy::MODULE,
    &super::cron::MODULE,
    &super::deb822_repository::MODULE,
    &super::debconf::MODULE,
    &super::debug::MODULE,
    &super::dnf::DNF,
    &super::dnf::DNF5,
    &super::dpkg_selections::MODULE,
    &super::ec2_metadata_facts::MODULE,
    &super::expect::MODULE,
    &super::fail::MODULE,
    &super::fetch::MODULE,
    &super::file::MODULE,
    &super::filesystem::MODULE,
    &super::find::MODULE,
    &super::firewalld::MODULE,
    &super::gather_facts::MODULE,
    &super::get_url::MODULE,
    &super::getent::MODULE,
    &super::git::MODULE,
    &super::git_config::MODULE,
    &super::group::MODULE,
    &super::group_by::MODULE,
    &super::hostname::MODULE,
    &super::htpasswd::MODULE,
    &super::include_vars::MODULE,
    &super::ini_file::MODULE,
    &super::iptables::MODULE,
    &super::java_cert::MODULE,
    &super::klaytn_genesis::MODULE,
    &super::klaytn_health::MODULE,
    &super::klaytn_node_info::MODULE,
    &super::known_hosts::MODULE,
    &super::lineinfile::MODULE,
    &super::locale_gen::MODULE,
    &super::lvg::MODULE,
    &super::lvol::MODULE,
    &super::modprobe::MODULE,
    &super::mount::MODULE,
    &super::mount_facts::MODULE,
    &super::npm::MODULE,
    &super::openssh_keypair::MODULE,
    &super::x509_certificate::OPENSSL_CERTIFICATE,
    &super::openssl_csr::MODULE,
    &super::openssl_privatekey::MODULE,
    &super::package::MODULE,
    &super::package_facts::MODULE,
    &super::pam_limits::MODULE,
    &super::parted::MODULE,
    &super::pause::MODULE,
    &super::ping::MODULE,
    &super::pip::MODULE,
    &super::raw::MODULE,
    &super::reboot::MODULE,
    &super::replace::MODULE,
    &super::rpm_key::MODULE,
    &super::script::MODULE,
    &super::seboolean::MODULE,
    &super::selinux::MODULE,
    &super::service::MODULE,
    &super::service_facts::MODULE,
    &super::set_fact::MODULE,
    &super::set_stats::MODULE,
    &super::setup::MODULE,
    &super::shell::MODULE,
    &super::slurp::MODULE,
    &super::snap::MODULE,
    &super::ssh_config::MODULE,
    &super::stat::MODULE,
    &super::subversion::MODULE,
    &super::sudoers::MODULE,
    &super::synchronize::MODULE,
    &super::sysctl::MODULE,
    &super::systemd::SYSTEMD,
    &super::systemd::SYSTEMD_SERVICE,
    &super::sysvinit::MODULE,
    &super::tempfile::MODULE,
    &super::template::MODULE,
    &super::timezone::MODULE,
    &super::ufw::MODULE,
    &super::unarchive::MODULE,
    &super::uri::MODULE,
    &super::user::MODULE,
    &super::validate_argument_spec::MODULE,
    &super::wait_for::MODULE,
    &super::wait_for_connection::MODULE,
    &super::x509_certificate::MODULE,
    &super::xml::MODULE,
    &super::dnf::YUM,
    &super::yum_repository::MODULE,
];

/// The module called `name`, with or without the name of its collection.
pub fn find(name: &str) -> Option<&'static Spec> {
    let (collection, short) = match name.rsplit_once('.') {
        Some((collection, short)) => (Some(collection), short),
        None => (None, name),
    };
    let spec = MODULES.iter().copied().find(|spec| spec.name == short)?;
    match collection {
        Some(collection) if !spec.collections.contains(&collection) => None,
        _ => Some(spec),
    }
}

/// What is run like a module, but which no user can name: the engine asks for it.
pub static INTERNAL: &[&Spec] = &[&super::foreign::MODULE];

/// What the engine asks hosts to run under `name`: a module, or one of [`INTERNAL`].
pub fn find_internal(name: &str) -> Option<&'static Spec> {
    find(name).or_else(|| INTERNAL.iter().copied().find(|spec| spec.name == name))
}

#[cfg(test)]
#[path = "registry_test.rs"]
mod tests;
