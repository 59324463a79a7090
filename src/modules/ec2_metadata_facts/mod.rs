//! `ec2_metadata_facts`: what the instance metadata service of EC2 tells of the machine it runs on.

mod names;
mod service;
mod user_data;

use serde::Deserialize;
use serde_json::{Value, json};

use super::spec::AWS;
use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place, Return, SECRETS, Spec};
use names::Facts;
use service::Service;

/// The declaration of `ec2_metadata_facts`.
pub static MODULE: Spec = Spec {
    name: "ec2_metadata_facts",
    collections: AWS,
    summary: "Tell what the metadata service of an EC2 instance knows of it, as facts",
    description: &[
        "Asks the instance metadata service at `http://169.254.169.254` from the host itself, in version 2 (IMDSv2), which needs a session token. \
         All requests go over one connection (a host that is worked through its shell starts its `curl` for each), and none through a proxy. A host \
         that is no EC2 instance is an error within seconds.",
        "A fact is named after its path: `placement/region` is `ansible_ec2_placement_region`; `/`, `-` and `:` become `_`. What is a JSON object \
         is taken apart too: `ansible_ec2_instance_identity_document_region`.",
        "Among the facts are the credentials of the role of the instance (`ansible_ec2_iam_security_credentials_…`). Secret keys and session tokens \
         are masked wherever results are shown; templates see them as they are.",
    ],
    options: &[Opt::new("metadata_token_ttl_seconds", Kind::Int, "How long the session token is good for, in seconds: from 1 to 21600.")
        .default("60")],
    rules: &[],
    free_form: None,
    returns: &[Return {
        name: "ansible_facts",
        kind: "dict",
        when: "success",
        doc: "`ansible_ec2_…`: all that is under `meta-data` and `dynamic`, `ansible_ec2_user_data` (unpacked when it is compressed) and \
              `ansible_ec2_public_key`; the text `None` for what the instance does not have. `ansible_ec2_instance_tags` holds the tags by name, \
              `ansible_ec2_instance_tags_keys` their names.",
    }],
    examples: "
- name: Ask the instance about itself
  amazon.aws.ec2_metadata_facts:

- name: Act on small instances only
  debug:
    msg: This instance is small.
  when: ansible_ec2_instance_type is search('micro')
",
    place: Place::Target(run),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    metadata_token_ttl_seconds: i64,
}

/// Where the service lists what it knows.
const META: &str = "meta-data";
const DYNAMIC: &str = "dynamic";
/// What it tells of the instance with a signature.
const DOCUMENT: &str = "instance-identity-document";

fn run(ctx: &mut Context<'_>, args: Args) -> ModuleResult {
    let lifetime = args.parse::<Arguments>()?.metadata_token_ttl_seconds;
    if !(1..=21600).contains(&lifetime) {
        return Err(Failure::new(format!("`metadata_token_ttl_seconds` must be from 1 to 21600, not {lifetime}")));
    }
    let mut service = Service::open(ctx, lifetime)?;
    let mut facts = Facts::default();
    let mut warnings = Vec::new();
    let documents = service.walk(META)?.ok_or_else(|| {
        Failure::new(format!("failed to ask about the instance: `{}` has no `{META}`", service::ADDRESS))
            .hint("is the host an EC2 instance? Something else answers at this address")
    })?;
    documents.iter().for_each(|document| facts.add(document));
    let user_data = match service.document("user-data")? {
        Some(bytes) => user_data::text(&bytes, &mut warnings),
        None => names::NOTHING.to_owned(),
    };
    facts.set("user-data", user_data.into());
    let key = service.document(&format!("{META}/public-keys/0/openssh-key"))?;
    facts.set("public-key", key.map_or_else(|| names::NOTHING.into(), |key| String::from_utf8_lossy(&key).into()));
    service.walk(DYNAMIC)?.unwrap_or_default().iter().for_each(|document| facts.add(document));
    if let Some(region) = facts.get(&format!("{DOCUMENT}-region")).cloned() {
        facts.set("placement-region", region);
    } else if let Some(Value::String(text)) = facts.get(DOCUMENT)
        && serde_json::from_str::<Value>(text).is_err()
    {
        warnings.push("the identity document of the instance is no JSON, so the facts that it would give are missing".to_owned());
    }
    let tags = names::tags(&documents);
    facts.set("instance-tags-keys", tags.keys().cloned().collect());
    facts.set("instance-tags", tags.into());
    let (facts, secrets) = facts.finish();
    let outcome = Outcome::new().with("ansible_facts", facts).with(SECRETS, json!(secrets)).changed(false);
    Ok(Outcome { warnings, ..outcome })
}

#[cfg(test)]
mod tests;
