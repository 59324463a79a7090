use std::io::Write;

use serde_json::{Value, json};

use super::super::testing::{Applied, apply, apply_once, predict};
use super::*;
use crate::system::fake::Fake;

const TOP: &str = "http://169.254.169.254/latest";

/// An instance whose service has these documents; all else that is asked for is not there.
fn instance(documents: &[(&str, &str)]) -> Fake {
    let always = ["meta-data/", "dynamic/", "user-data", "meta-data/public-keys/0/openssh-key"];
    let missing = always.iter().filter(|path| documents.iter().all(|(known, _)| known != *path));
    let machine = missing.fold(session(), |machine, path| machine.http("GET", &format!("{TOP}/{path}"), 404, &[], "<html/>"));
    documents.iter().fold(machine, |machine, (path, text)| machine.http("GET", &format!("{TOP}/{path}"), 200, &[], text))
}

fn session() -> Fake {
    Fake::new().http("PUT", &format!("{TOP}/api/token"), 200, &[], "token-1")
}

fn facts(documents: &[(&str, &str)]) -> Value {
    apply(&MODULE, instance(documents), json!({})).get("ansible_facts").clone()
}

/// What failed, and the hint.
fn failure(applied: &Applied) -> (String, String) {
    (applied.failure().message.clone(), applied.failure().hint.clone().unwrap_or_default())
}

#[test]
fn names_are_paths_and_lists_have_commas() {
    let documents = [
        ("meta-data/", "ami-id\nempty\nplacement/\nnetwork/\nsecurity-groups\nproduct-codes\ngone"),
        ("meta-data/ami-id", "ami-1"),
        ("meta-data/empty", ""),
        ("meta-data/placement/", "availability-zone\nregion"),
        ("meta-data/placement/availability-zone", "eu-1a"),
        ("meta-data/placement/region", "eu-1"),
        ("meta-data/network/", "interfaces/"),
        ("meta-data/network/interfaces/", "macs/"),
        ("meta-data/network/interfaces/macs/", "06:e5/"),
        ("meta-data/network/interfaces/macs/06:e5/", "security-group-ids\nlocal-ipv4s\nipv4-associations/"),
        ("meta-data/network/interfaces/macs/06:e5/security-group-ids", "sg-1\nsg-2"),
        ("meta-data/network/interfaces/macs/06:e5/local-ipv4s", "10.0.0.1\n10.0.0.2"),
        ("meta-data/network/interfaces/macs/06:e5/ipv4-associations/", "203.0.113.1"),
        ("meta-data/network/interfaces/macs/06:e5/ipv4-associations/203.0.113.1", "10.0.0.1"),
        ("meta-data/security-groups", "web\nssh from office"),
        ("meta-data/product-codes", "a\nb"),
        ("user-data", "#cloud-config\n"),
    ];
    let machine = instance(&documents).http("GET", &format!("{TOP}/meta-data/gone"), 404, &[], "");
    let facts = apply(&MODULE, machine, json!({})).get("ansible_facts").clone();
    let expected = json!({
        "ansible_ec2_ami_id": "ami-1",
        "ansible_ec2_empty": "",
        "ansible_ec2_gone": "None",
        "ansible_ec2_placement_availability_zone": "eu-1a",
        "ansible_ec2_placement_region": "eu-1",
        "ansible_ec2_network_interfaces_macs_06_e5_security_group_ids": "sg-1,sg-2",
        "ansible_ec2_network_interfaces_macs_06_e5_local_ipv4s": "10.0.0.1\n10.0.0.2",
        "ansible_ec2_network_interfaces_macs_06_e5_ipv4_associations_203.0.113.1": "10.0.0.1",
        "ansible_ec2_security_groups": "web,ssh from office",
        "ansible_ec2_product_codes": "a\nb",
        "ansible_ec2_user_data": "#cloud-config\n",
        "ansible_ec2_public_key": "None",
        "ansible_ec2_instance_tags": {},
        "ansible_ec2_instance_tags_keys": [],
    });
    assert_eq!(facts, expected);
}

#[test]
fn json_is_taken_apart() {
    let document = "{\"region\" : \"eu-2\", \"availabilityZone\" : \"eu-2b\", \"kernelId\" : null, \"billing-Products\" : [ \"bp-1\" ], \"N\": {\"Deep-Key\": 1}}";
    let facts = facts(&[
        ("meta-data/", "placement/\nlist\nbroken"),
        ("meta-data/placement/", "region"),
        ("meta-data/placement/region", "eu-1"),
        ("meta-data/list", "[{\"a\": 1}]"),
        ("meta-data/broken", "{\"a\": "),
        ("dynamic/", "instance-identity/"),
        ("dynamic/instance-identity/", "document"),
        ("dynamic/instance-identity/document", document),
    ]);
    for (name, value) in [
        ("instance_identity_document", json!(document)),
        ("instance_identity_document_region", json!("eu-2")),
        ("instance_identity_document_availabilityzone", json!("eu-2b")),
        ("instance_identity_document_kernelid", json!(null)),
        ("instance_identity_document_billing_products", json!(["bp-1"])),
        ("instance_identity_document_n", json!({"Deep-Key": 1})),
        // The document is signed.
        ("placement_region", json!("eu-2")),
        ("list", json!("[{\"a\": 1}]")),
        ("broken", json!("{\"a\": ")),
    ] {
        assert_eq!(facts.get(format!("ansible_ec2_{name}")), Some(&value), "{name}");
    }
}

#[test]
fn a_broken_identity_document_is_a_warning() {
    let applied = apply(
        &MODULE,
        instance(&[
            ("meta-data/", ""),
            ("dynamic/", "instance-identity/"),
            ("dynamic/instance-identity/", "document"),
            ("dynamic/instance-identity/document", "{\"region\" : \"eu"),
        ]),
        json!({}),
    );
    assert_eq!(applied.get("ansible_facts")["ansible_ec2_instance_identity_document"], "{\"region\" : \"eu");
    let warnings = &applied.answer.as_ref().unwrap().warnings;
    assert_eq!(*warnings, ["the identity document of the instance is no JSON, so the facts that it would give are missing"]);
}

#[test]
fn credentials_are_facts_and_secrets() {
    let role =
        "{\"Code\" : \"Success\", \"AccessKeyId\" : \"id\", \"SecretAccessKey\" : \"made-up-secret\", \"Token\" : \"made-up-token\"}";
    let applied = apply(
        &MODULE,
        instance(&[
            ("meta-data/", "iam/"),
            ("meta-data/iam/", "security-credentials/"),
            ("meta-data/iam/security-credentials/", "web-1"),
            ("meta-data/iam/security-credentials/web-1", role),
        ]),
        json!({}),
    );
    let facts = applied.get("ansible_facts");
    assert_eq!(facts["ansible_ec2_iam_instance_profile_role"], "web-1");
    assert_eq!(facts["ansible_ec2_iam_security_credentials_web_1"], role);
    assert_eq!(facts["ansible_ec2_iam_security_credentials_web_1_secretaccesskey"], "made-up-secret");
    assert_eq!(*applied.get(SECRETS), json!(["made-up-secret", "made-up-token"]));
}

#[test]
fn tags_and_keys() {
    let facts = facts(&[
        ("meta-data/", "public-keys/\ntags/"),
        ("meta-data/public-keys/", "0=my key\n1=other"),
        ("meta-data/public-keys/1=other", "listed"),
        ("meta-data/public-keys/0/openssh-key", "ssh-ed25519 AAAA my key\n"),
        ("meta-data/tags/", "instance/"),
        ("meta-data/tags/instance/", "Name\ncost-center\naws:x y"),
        ("meta-data/tags/instance/Name", "web"),
        ("meta-data/tags/instance/cost-center", "42"),
        ("meta-data/tags/instance/aws:x%20y", ""),
    ]);
    for (name, value) in [
        ("public_key", json!("ssh-ed25519 AAAA my key\n")),
        ("public_keys_1=other", json!("listed")),
        ("tags_instance_cost_center", json!("42")),
        ("instance_tags_keys", json!(["Name", "cost-center", "aws:x y"])),
        ("instance_tags", json!({"Name": "web", "cost-center": "42", "aws:x y": ""})),
    ] {
        assert_eq!(facts.get(format!("ansible_ec2_{name}")), Some(&value), "{name}");
    }
    assert!(!facts.as_object().unwrap().keys().any(|name| name.contains("public_keys_0")));
}

#[test]
fn names_that_become_the_same() {
    let facts = facts(&[("meta-data/", "a-b\na_b"), ("meta-data/a-b", "dash"), ("meta-data/a_b", "line")]);
    assert_eq!(facts["ansible_ec2_a_b"], "dash");
}

#[test]
fn user_data_are_unpacked() {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(b"#cloud-config\n").unwrap();
    let packed = packed.finish().unwrap();
    let cut = packed.get(..packed.len() - 9).unwrap();
    for (bytes, expected, said) in [
        (packed.as_slice(), "#cloud-config\n", vec![]),
        (b"f\xfcr", "fr", vec!["no text in UTF-8"]),
        (b"\xef\xbb\xbfx", "\u{feff}x", vec![]),
        (b"x\x9c plain", "x plain", vec!["cannot be unpacked", "no text in UTF-8"]),
        (cut, "", vec!["cannot be unpacked", "no text in UTF-8"]),
    ] {
        let mut warnings = Vec::new();
        let text = user_data::text(bytes, &mut warnings);
        assert!(expected.is_empty() || text == expected, "{bytes:?}: {text:?}");
        assert_eq!(warnings.len(), said.len(), "{warnings:?}");
        assert!(warnings.iter().zip(&said).all(|(warning, part)| warning.contains(part)), "{warnings:?}");
    }
}

#[test]
fn every_request_has_the_token_and_shares_the_connection() {
    let machine = instance(&[("meta-data/", "ami-id"), ("meta-data/ami-id", "x")]);
    let applied = apply_once(&MODULE, machine, json!({"metadata_token_ttl_seconds": 90}));
    assert!(!applied.changed);
    let requests = applied.machine.requests();
    let told: Vec<_> = requests.iter().map(|request| format!("{} {}", request.method, request.url.replace(TOP, ""))).collect();
    let expected = [
        "PUT /api/token",
        "GET /meta-data/",
        "GET /meta-data/ami-id",
        "GET /user-data",
        "GET /meta-data/public-keys/0/openssh-key",
        "GET /dynamic/",
    ];
    assert_eq!(told, expected);
    assert_eq!(requests[0].headers["X-aws-ec2-metadata-token-ttl-seconds"], "90");
    for request in &requests {
        assert!(request.connections.is_some() && !request.use_proxy && request.timeout.as_secs() == 5);
        assert!(request.method == "PUT" || request.headers["X-aws-ec2-metadata-token"] == "token-1");
    }
}

#[test]
fn a_token_that_ran_out_is_renewed_once() {
    let root = format!("{TOP}/meta-data/");
    let machine = session()
        .http("GET", &root, 401, &[], "")
        .http("GET", &root, 200, &[], "")
        .http("GET", &format!("{TOP}/user-data"), 404, &[], "")
        .http("GET", &format!("{TOP}/meta-data/public-keys/0/openssh-key"), 404, &[], "")
        .http("GET", &format!("{TOP}/dynamic/"), 404, &[], "");
    let applied = apply_once(&MODULE, machine, json!({}));
    assert!(applied.answer.is_ok());
    assert_eq!(applied.machine.requests().iter().filter(|request| request.method == "PUT").count(), 2);
    let refused = apply_once(&MODULE, session().http("GET", &root, 401, &[], "no"), json!({}));
    assert_eq!(failure(&refused).0, "failed to ask about the instance: `http://169.254.169.254/latest/meta-data/` answers 401 Error");
    assert_eq!(refused.failure().result["response"]["body"], "no");
}

#[test]
fn a_busy_service_is_asked_again() {
    let root = format!("{TOP}/meta-data/");
    let busy = session().http("GET", &root, 503, &[], "busy");
    let failed = apply_once(&MODULE, busy, json!({}));
    assert_eq!(failure(&failed).0, "failed to ask about the instance: `http://169.254.169.254/latest/meta-data/` answers 503 Error");
    assert_eq!(failed.machine.requests().len(), 3);
    let forbidden = apply_once(&MODULE, session().http("GET", &root, 403, &[], ""), json!({}));
    assert_eq!(forbidden.machine.requests().len(), 2);
}

#[test]
fn what_is_no_instance_says_so() {
    let token = "failed to get a session token of the metadata service of EC2";
    let url = format!("{TOP}/api/token");
    let put = |status, text| Fake::new().http("PUT", &url, status, &[], text);
    let huge = "x".repeat(1 << 21);
    for (machine, message, hint) in [
        (Fake::new(), format!("{token} at `{url}`: Connection refused"), "is the host an EC2 instance, and"),
        (put(403, ""), format!("{token}: `{url}` answers 403 Error"), "is switched off"),
        (put(404, ""), format!("{token}: `{url}` answers 404 Error"), "Something else answers"),
        (put(200, " \n"), format!("{token}: `{url}` answers with something that is none"), ""),
        (put(200, "a\u{7f}b"), format!("{token}: `{url}` answers with something that is none"), ""),
        (put(200, &huge), format!("{token} at `{url}`: "), "is the host an EC2 instance"),
        (
            instance(&[]),
            "failed to ask about the instance: `http://169.254.169.254` has no `meta-data`".to_owned(),
            "Something else answers",
        ),
    ] {
        let predicted = predict(&MODULE, machine, json!({}));
        let (said, tip) = failure(&predicted);
        assert!(said.starts_with(&message) && tip.contains(hint), "{said} ({tip})");
        assert!(!predicted.failure().unpredictable);
    }
    for seconds in [0, -1, 21601] {
        let failed = apply_once(&MODULE, session(), json!({"metadata_token_ttl_seconds": seconds}));
        assert_eq!(failure(&failed).0, format!("`metadata_token_ttl_seconds` must be from 1 to 21600, not {seconds}"));
        assert!(failed.machine.requests().is_empty());
    }
}

#[test]
fn folders_without_end_are_given_up() {
    let machine =
        (0..20).fold(session(), |machine, depth| machine.http("GET", &format!("{TOP}/meta-data/{}", "a/".repeat(depth)), 200, &[], "a/"));
    let failed = apply_once(&MODULE, machine, json!({}));
    assert!(failure(&failed).0.ends_with("is deeper than 16 folders"), "{}", failure(&failed).0);
}
