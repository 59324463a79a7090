//! Asks EC2 for instances.

use std::collections::HashSet;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_ec2::Client;
use aws_sdk_ec2::config::Credentials;
use aws_sdk_ec2::config::retry::RetryConfig;
use aws_sdk_ec2::types::Filter;
use serde_json::{Map, Value};

use super::config::{Config, Filters};
use super::trouble;
use super::vars::instance_vars;
use crate::base::Diagnostic;

/// How often a throttled or failed request is tried, with growing pauses.
const ATTEMPTS: u32 = 5;

/// The instances of all regions as variables, in the order of the regions.
///
/// # Errors
/// EC2 could not be asked; each cause has its own message.
pub async fn instances(config: &Config) -> Result<Vec<Map<String, Value>>, Diagnostic> {
    let base = load(config, config.regions.first().map(String::as_str)).await;
    let mut regions = config.regions.clone();
    if regions.is_empty() {
        match base.region() {
            Some(region) => regions.push(region.to_string()),
            None => return Err(trouble::no_region(&config.span)),
        }
    }
    let answers = futures_util::future::join_all(regions.iter().map(|region| in_region(config, &base, region))).await;
    let mut all = Vec::new();
    for answer in answers {
        all.extend(answer?);
    }
    Ok(all)
}

async fn load(config: &Config, region: Option<&str>) -> SdkConfig {
    let mut loader = aws_config::defaults(BehaviorVersion::latest()).retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS));
    if let Some(region) = region {
        loader = loader.region(Region::new(region.to_owned()));
    }
    if let Some(profile) = &config.profile {
        loader = loader.profile_name(profile);
    }
    if let Some((access, secret, token)) = &config.keys {
        loader = loader.credentials_provider(Credentials::new(access, secret, token.clone(), None, "inventory file"));
    }
    let base = loader.load().await;
    match &config.role {
        None => base,
        Some(role) => {
            let provider = aws_config::sts::AssumeRoleProvider::builder(role).session_name("kconf").configure(&base).build().await;
            base.into_builder().credentials_provider(aws_sdk_ec2::config::SharedCredentialsProvider::new(provider)).build()
        }
    }
}

async fn in_region(config: &Config, base: &SdkConfig, region: &str) -> Result<Vec<Map<String, Value>>, Diagnostic> {
    let mut settings = aws_sdk_ec2::config::Builder::from(base).region(Region::new(region.to_owned()));
    if let Some(endpoint) = &config.endpoint {
        settings = settings.endpoint_url(endpoint);
    }
    let client = Client::from_conf(settings.build());
    let mut excluded = HashSet::new();
    for filters in &config.exclude {
        excluded.extend(ask(config, &client, region, filters).await?.iter().filter_map(id));
    }
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    for filters in &config.include {
        for instance in ask(config, &client, region, filters).await? {
            if let Some(id) = id(&instance).filter(|id| !excluded.contains(id)) {
                if seen.insert(id) {
                    found.push(instance);
                }
            }
        }
    }
    found.sort_by_key(id);
    Ok(found)
}

fn id(instance: &Map<String, Value>) -> Option<String> {
    instance.get("instance_id")?.as_str().map(str::to_owned)
}

/// The answer to one question, all pages of it. Without a filter for the state, terminated machines are left out.
async fn ask(config: &Config, client: &Client, region: &str, filters: &Filters) -> Result<Vec<Map<String, Value>>, Diagnostic> {
    let mut filters: Vec<Filter> =
        filters.iter().map(|(name, values)| Filter::builder().name(name).set_values(Some(values.clone())).build()).collect();
    if !filters.iter().any(|filter| filter.name() == Some("instance-state-name")) {
        let alive = ["running", "pending", "stopping", "stopped"].map(str::to_owned).to_vec();
        filters.push(Filter::builder().name("instance-state-name").set_values(Some(alive)).build());
    }
    let mut pages = client.describe_instances().set_filters(Some(filters)).into_paginator().send();
    let mut instances = Vec::new();
    while let Some(page) = pages.next().await {
        let page = match page {
            Ok(page) => page,
            Err(error) => {
                return match trouble::explain(&error, region, &config.span) {
                    trouble::Trouble::Denied(_) if !config.strict_permissions => Ok(Vec::new()),
                    trouble::Trouble::Denied(diagnostic) | trouble::Trouble::Other(diagnostic) => Err(diagnostic),
                };
            }
        };
        for reservation in page.reservations() {
            for instance in reservation.instances() {
                instances.push(instance_vars(instance, reservation, region));
            }
        }
    }
    Ok(instances)
}
