"""Fills the EC2 endpoint. Run by the Python of the virtual environment, with what is wanted as JSON on stdin.

The first user's region holds the five machines, running, as the original project tags them (`Name`) and with more tags
to filter by, and two stopped instances, one of them with no tags. So an inventory of all running instances of that
region is exactly the lab. Odd ones that nobody can reach run in the second region, and the third has twelve
in one reservation.
"""

import json
import sys
from typing import Any

import boto3

IMAGE = "ami-058165de3b7202099"


def main() -> None:
    wanted = json.load(sys.stdin)
    region = Region(wanted, wanted["region"])
    for host in wanted["hosts"]:
        instance = region.run(f"{wanted['private']}.{host['number']}", _tags(wanted, host))
        if host["public"]:
            region.give_public_address(instance, f"{wanted['public']}.{host['number']}")
        if host["disk_mib"]:
            region.give_disk(instance)
    region.stop(region.run(f"{wanted['private']}.90", {"Name": "scn-old", "Role": "scn", "Chain": "kconf-lab"}))
    region.stop(region.run(f"{wanted['private']}.91", {}))

    odd = Region(wanted, "ap-northeast-1")
    odd.run(f"{wanted['private']}.92", {})
    odd.run(
        f"{wanted['private']}.93",
        {
            "Name": "odd one: scn/9",
            "Owner": "체인 운영팀",
            "aws-like:stack:name": "a:b:c",
            "Empty": "",
            "Role": "scn",
            "with space": " leading and trailing ",
            "quote": 'it\'s "quoted"',
            "1starts-with-digit": "yes",
        },
    )
    odd.run(f"{wanted['private']}.94", {"Name": "scn-1", "Role": "scn", "Chain": "another"})

    Region(wanted, "eu-west-1").run_many(12, {"Role": "fleet"})


def _tags(wanted: dict[str, Any], host: dict[str, Any]) -> dict[str, str]:
    tags = {
        "Name": host["name"],
        "Chain": "kconf-lab",
        "Role": "en" if host["name"].startswith("en") else "scn",
        "Bastion": "yes" if host["public"] else "no",
    }
    if host["public"]:
        tags["LabPublicAddress"] = f"{wanted['public']}.{host['number']}"
    return tags


class Region:
    """One region with a network and a subnet that holds the private network of the lab."""

    def __init__(self, wanted: dict[str, Any], name: str) -> None:
        fake = "testing"
        self._client = boto3.client(
            "ec2", endpoint_url=wanted["endpoint"], region_name=name, aws_access_key_id=fake, aws_secret_access_key=fake
        )
        self._zone = name + "a"
        network = ".".join(wanted["private"].split(".")[:2])
        vpc = self._client.create_vpc(CidrBlock=f"{network}.0.0/16")["Vpc"]["VpcId"]
        subnet = self._client.create_subnet(
            VpcId=vpc, CidrBlock=f"{wanted['private']}.0/24", AvailabilityZone=self._zone
        )
        self._subnet = subnet["Subnet"]["SubnetId"]
        group = self._client.create_security_group(GroupName="private_sg", Description="private", VpcId=vpc)
        self._group = group["GroupId"]

    def run(self, address: str, tags: dict[str, str]) -> str:
        return self._run(1, tags, PrivateIpAddress=address)[0]

    def run_many(self, count: int, tags: dict[str, str]) -> None:
        self._run(count, tags)

    def _run(self, count: int, tags: dict[str, str], **extra: Any) -> list[str]:
        if tags:
            pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
            extra["TagSpecifications"] = [{"ResourceType": "instance", "Tags": pairs}]
        made = self._client.run_instances(
            ImageId=IMAGE,
            InstanceType="t2.large",
            MinCount=count,
            MaxCount=count,
            SubnetId=self._subnet,
            SecurityGroupIds=[self._group],
            KeyName="lab",
            **extra,
        )
        return [instance["InstanceId"] for instance in made["Instances"]]

    def stop(self, instance: str) -> None:
        self._client.stop_instances(InstanceIds=[instance])

    def give_public_address(self, instance: str, address: str) -> None:
        """moto invents public addresses, but takes one that it is told to allocate."""
        allocated = self._client.allocate_address(Domain="vpc", Address=address)
        self._client.associate_address(InstanceId=instance, AllocationId=allocated["AllocationId"])

    def give_disk(self, instance: str) -> None:
        volume = self._client.create_volume(AvailabilityZone=self._zone, Size=100, VolumeType="gp3")
        self._client.attach_volume(InstanceId=instance, VolumeId=volume["VolumeId"], Device="/dev/sdd")


main()
