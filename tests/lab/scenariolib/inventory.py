"""Finding the machines."""

import json


def scenario_inventory_by_tags(lab):
    """The machines are found by their tags, with groups, addresses and the way to each."""
    listed = json.loads(lab.kconf("inventory", "list", "-o", "json").must_succeed().stdout)
    assert sorted(listed["scn"]["hosts"]) == ["scn-1", "scn-2", "scn-3", "scn-master"], listed["scn"]
    assert listed["en"]["hosts"] == ["en-1"], listed["en"]
    assert listed["_scn_master"]["hosts"] == ["scn-master"]
    assert listed["_meta"]["hostvars"]["scn-1"]["ansible_host"].endswith(".11")
    table = lab.kconf("inventory", "list", "-o", "table").must_succeed().stdout
    row = next(line for line in table.splitlines() if line.startswith("scn-1"))
    assert "running" in row and "scn-master" in row, row


def scenario_inventory_original_file(lab):
    """The original project's file gives the groups and host names that Ansible's own plugin gives, and no tag of a stopped machine."""
    path = lab.state / "original.aws_ec2.yml"
    path.write_text(
        "plugin: aws_ec2\nregions: [ap-northeast-2]\nkeyed_groups: [{key: tags.Name}]\nfilters: {instance-state-name: running}\n"
    )
    listed = json.loads(lab.kconf("inventory", "list", "-o", "json", "-i", str(path)).must_succeed().stdout)
    # As amazon.aws.aws_ec2 lists this file on this endpoint: public names where there are some, private ones elsewhere.
    variables = listed["_meta"]["hostvars"]
    names = {values["tags"]["Name"]: values.get("public_dns_name") or values["private_dns_name"] for values in variables.values()}
    assert names["scn-master"].startswith("ec2-") and all(names[host].startswith("ip-") for host in names if host != "scn-master"), names
    expected = {"_" + host.replace("-", "_"): [name] for host, name in names.items()}
    groups = {name: group["hosts"] for name, group in listed.items() if name.startswith("_") and name != "_meta"}
    assert groups == expected and len(groups) == 5, groups
    assert sorted(listed["aws_ec2"]["hosts"]) == sorted(names.values())
    assert sorted(listed["all"]["children"]) == sorted(["ungrouped", "aws_ec2", *expected])


def scenario_inventory_errors(lab):
    """No credentials, no endpoint, no region, no match: each says what to do."""
    no_keys = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent", "AWS_CONFIG_FILE": "/nonexistent"}
    said = lab.kconf("inventory", "list", env=no_keys)
    assert said.code != 0 and "no AWS credentials were found" in said.stderr, said.stderr
    said = lab.kconf("inventory", "list", env={"AWS_ENDPOINT_URL": "http://127.0.0.1:9"})
    assert said.code != 0 and "could not be reached" in said.stderr, said.stderr
    said = lab.kconf("ping", "scn-9")
    assert said.code == 5 and "did you mean" in said.stderr, said.stderr
