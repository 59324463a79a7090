//! An instance as variables: the fields of the API with the names that `amazon.aws.aws_ec2` gives them.
//!
//! Source: the response of `DescribeInstances`; fields that the API left out are left out here.

use aws_sdk_ec2::types::{
    EbsInstanceBlockDevice, GroupIdentifier, Instance, InstanceBlockDeviceMapping, InstanceMetadataOptionsResponse,
    InstanceNetworkInterface, InstanceNetworkInterfaceAssociation, InstanceNetworkInterfaceAttachment, InstancePrivateIpAddress,
    OperatorResponse, Placement, Reservation,
};
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use serde_json::{Map, Value};

/// Collects the fields that are there.
#[derive(Default)]
struct Fields(Map<String, Value>);

impl Fields {
    fn text(mut self, name: &str, value: &Option<impl AsRef<str>>) -> Self {
        if let Some(value) = value {
            self.0.insert(name.to_owned(), Value::from(value.as_ref()));
        }
        self
    }

    fn plain(mut self, name: &str, value: Option<impl Into<Value>>) -> Self {
        if let Some(value) = value {
            self.0.insert(name.to_owned(), value.into());
        }
        self
    }

    /// A moment as Python prints it: `2024-05-01T10:00:00+00:00`.
    fn time(mut self, name: &str, value: &Option<DateTime>) -> Self {
        if let Some(text) = value.as_ref().and_then(|value| value.fmt(Format::DateTime).ok()) {
            let text = text.strip_suffix('Z').map(|text| format!("{text}+00:00")).unwrap_or(text);
            self.0.insert(name.to_owned(), Value::from(text));
        }
        self
    }

    fn nested<T>(mut self, name: &str, value: &Option<T>, fields: impl Fn(&T) -> Fields) -> Self {
        if let Some(value) = value {
            self.0.insert(name.to_owned(), Value::Object(fields(value).0));
        }
        self
    }

    fn list<T>(mut self, name: &str, values: &Option<Vec<T>>, fields: impl Fn(&T) -> Fields) -> Self {
        if let Some(values) = values {
            let items: Vec<Value> = values.iter().map(|value| Value::Object(fields(value).0)).collect();
            self.0.insert(name.to_owned(), Value::Array(items));
        }
        self
    }
}

/// The variables of an instance, with those of its reservation and its region.
pub fn instance_vars(instance: &Instance, reservation: &Reservation, region: &str) -> Map<String, Value> {
    let mut fields = Fields::default()
        .plain("ami_launch_index", instance.ami_launch_index)
        .text("architecture", &instance.architecture)
        .list("block_device_mappings", &instance.block_device_mappings, block_device)
        .text("boot_mode", &instance.boot_mode)
        .text("capacity_reservation_id", &instance.capacity_reservation_id)
        .nested("capacity_reservation_specification", &instance.capacity_reservation_specification, |spec| {
            Fields::default().text("capacity_reservation_preference", &spec.capacity_reservation_preference)
        })
        .text("client_token", &instance.client_token)
        .nested("cpu_options", &instance.cpu_options, |cpu| {
            Fields::default().plain("core_count", cpu.core_count).plain("threads_per_core", cpu.threads_per_core)
        })
        .text("current_instance_boot_mode", &instance.current_instance_boot_mode)
        .plain("ebs_optimized", instance.ebs_optimized)
        .plain("ena_support", instance.ena_support)
        .nested("enclave_options", &instance.enclave_options, |enclave| Fields::default().plain("enabled", enclave.enabled))
        .nested("hibernation_options", &instance.hibernation_options, |hibernation| {
            Fields::default().plain("configured", hibernation.configured)
        })
        .text("hypervisor", &instance.hypervisor)
        .nested("iam_instance_profile", &instance.iam_instance_profile, |profile| {
            Fields::default().text("arn", &profile.arn).text("id", &profile.id)
        })
        .text("image_id", &instance.image_id)
        .text("instance_id", &instance.instance_id)
        .text("instance_lifecycle", &instance.instance_lifecycle)
        .text("instance_type", &instance.instance_type)
        .text("kernel_id", &instance.kernel_id)
        .text("key_name", &instance.key_name)
        .time("launch_time", &instance.launch_time)
        .nested("maintenance_options", &instance.maintenance_options, |maintenance| {
            Fields::default().text("auto_recovery", &maintenance.auto_recovery).text("reboot_migration", &maintenance.reboot_migration)
        })
        .nested("metadata_options", &instance.metadata_options, metadata)
        .nested("monitoring", &instance.monitoring, |monitoring| Fields::default().text("state", &monitoring.state))
        .list("network_interfaces", &instance.network_interfaces, interface)
        .nested("network_performance_options", &instance.network_performance_options, |options| {
            Fields::default().text("bandwidth_weighting", &options.bandwidth_weighting)
        })
        .nested("operator", &instance.operator, operator)
        .text("outpost_arn", &instance.outpost_arn)
        .nested("placement", &instance.placement, placement)
        .text("platform", &instance.platform)
        .text("platform_details", &instance.platform_details)
        .text("private_dns_name", &instance.private_dns_name)
        .nested("private_dns_name_options", &instance.private_dns_name_options, |options| {
            Fields::default()
                .plain("enable_resource_name_dns_a_record", options.enable_resource_name_dns_a_record)
                .plain("enable_resource_name_dns_aaaa_record", options.enable_resource_name_dns_aaaa_record)
                .text("hostname_type", &options.hostname_type)
        })
        .text("private_ip_address", &instance.private_ip_address)
        .list("product_codes", &instance.product_codes, |code| {
            Fields::default().text("product_code_id", &code.product_code_id).text("product_code_type", &code.product_code_type)
        })
        .text("public_dns_name", &instance.public_dns_name)
        .text("public_ip_address", &instance.public_ip_address)
        .text("ramdisk_id", &instance.ramdisk_id)
        .text("root_device_name", &instance.root_device_name)
        .text("root_device_type", &instance.root_device_type)
        .list("security_groups", &instance.security_groups, group)
        .plain("source_dest_check", instance.source_dest_check)
        .text("spot_instance_request_id", &instance.spot_instance_request_id)
        .text("sriov_net_support", &instance.sriov_net_support)
        .nested("state", &instance.state, |state| Fields::default().plain("code", state.code).text("name", &state.name))
        .nested("state_reason", &instance.state_reason, |reason| {
            Fields::default().text("code", &reason.code).text("message", &reason.message)
        })
        .text("state_transition_reason", &instance.state_transition_reason)
        .text("subnet_id", &instance.subnet_id)
        .text("tpm_support", &instance.tpm_support)
        .text("usage_operation", &instance.usage_operation)
        .time("usage_operation_update_time", &instance.usage_operation_update_time)
        .text("virtualization_type", &instance.virtualization_type)
        .text("vpc_id", &instance.vpc_id)
        .text("owner_id", &reservation.owner_id)
        .plain("requester_id", Some(reservation.requester_id.clone().unwrap_or_default()))
        .text("reservation_id", &reservation.reservation_id)
        .0;
    if let Some(Value::Object(placement)) = fields.get_mut("placement") {
        placement.insert("region".to_owned(), Value::from(region));
    }
    // Tags keep their names as they are.
    let tags: Map<String, Value> =
        instance.tags().iter().filter_map(|tag| Some((tag.key()?.to_owned(), Value::from(tag.value().unwrap_or_default())))).collect();
    fields.insert("tags".to_owned(), Value::Object(tags));
    fields
}

fn placement(placement: &Placement) -> Fields {
    Fields::default()
        .text("affinity", &placement.affinity)
        .text("availability_zone", &placement.availability_zone)
        .text("availability_zone_id", &placement.availability_zone_id)
        .text("group_id", &placement.group_id)
        .text("group_name", &placement.group_name)
        .text("host_id", &placement.host_id)
        .text("host_resource_group_arn", &placement.host_resource_group_arn)
        .plain("partition_number", placement.partition_number)
        .text("spread_domain", &placement.spread_domain)
        .text("tenancy", &placement.tenancy)
}

fn block_device(mapping: &InstanceBlockDeviceMapping) -> Fields {
    Fields::default().text("device_name", &mapping.device_name).nested("ebs", &mapping.ebs, ebs)
}

fn ebs(device: &EbsInstanceBlockDevice) -> Fields {
    Fields::default()
        .text("associated_resource", &device.associated_resource)
        .time("attach_time", &device.attach_time)
        .plain("delete_on_termination", device.delete_on_termination)
        .nested("operator", &device.operator, operator)
        .text("status", &device.status)
        .text("volume_id", &device.volume_id)
        .text("volume_owner_id", &device.volume_owner_id)
}

fn metadata(options: &InstanceMetadataOptionsResponse) -> Fields {
    Fields::default()
        .text("http_endpoint", &options.http_endpoint)
        .text("http_protocol_ipv6", &options.http_protocol_ipv6)
        .plain("http_put_response_hop_limit", options.http_put_response_hop_limit)
        .text("http_tokens", &options.http_tokens)
        .text("instance_metadata_tags", &options.instance_metadata_tags)
        .text("state", &options.state)
}

fn operator(operator: &OperatorResponse) -> Fields {
    Fields::default().plain("managed", operator.managed).text("principal", &operator.principal)
}

fn group(group: &GroupIdentifier) -> Fields {
    Fields::default().text("group_id", &group.group_id).text("group_name", &group.group_name)
}

fn interface(interface: &InstanceNetworkInterface) -> Fields {
    Fields::default()
        .nested("association", &interface.association, association)
        .nested("attachment", &interface.attachment, attachment)
        .text("description", &interface.description)
        .list("groups", &interface.groups, group)
        .text("interface_type", &interface.interface_type)
        .list("ipv4_prefixes", &interface.ipv4_prefixes, |prefix| Fields::default().text("ipv4_prefix", &prefix.ipv4_prefix))
        .list("ipv6_addresses", &interface.ipv6_addresses, |address| {
            Fields::default().text("ipv6_address", &address.ipv6_address).plain("is_primary_ipv6", address.is_primary_ipv6)
        })
        .list("ipv6_prefixes", &interface.ipv6_prefixes, |prefix| Fields::default().text("ipv6_prefix", &prefix.ipv6_prefix))
        .text("mac_address", &interface.mac_address)
        .text("network_interface_id", &interface.network_interface_id)
        .nested("operator", &interface.operator, operator)
        .text("owner_id", &interface.owner_id)
        .text("private_dns_name", &interface.private_dns_name)
        .text("private_ip_address", &interface.private_ip_address)
        .list("private_ip_addresses", &interface.private_ip_addresses, private_address)
        .plain("source_dest_check", interface.source_dest_check)
        .text("status", &interface.status)
        .text("subnet_id", &interface.subnet_id)
        .text("vpc_id", &interface.vpc_id)
}

fn association(association: &InstanceNetworkInterfaceAssociation) -> Fields {
    Fields::default()
        .text("carrier_ip", &association.carrier_ip)
        .text("customer_owned_ip", &association.customer_owned_ip)
        .text("ip_owner_id", &association.ip_owner_id)
        .text("public_dns_name", &association.public_dns_name)
        .text("public_ip", &association.public_ip)
}

fn attachment(attachment: &InstanceNetworkInterfaceAttachment) -> Fields {
    Fields::default()
        .time("attach_time", &attachment.attach_time)
        .text("attachment_id", &attachment.attachment_id)
        .plain("delete_on_termination", attachment.delete_on_termination)
        .plain("device_index", attachment.device_index)
        .plain("network_card_index", attachment.network_card_index)
        .text("status", &attachment.status)
}

fn private_address(address: &InstancePrivateIpAddress) -> Fields {
    Fields::default()
        .nested("association", &address.association, association)
        .plain("primary", address.primary)
        .text("private_dns_name", &address.private_dns_name)
        .text("private_ip_address", &address.private_ip_address)
}
