//! Registers the search attributes, on any Temporal that lets us.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, bail};
use runtime::temporal::TemporalConfig;
use temporalio_client::grpc::OperatorService;
use temporalio_client::tonic::{Code, Status};
use temporalio_client::{Client, NamespacedClient};
use temporalio_common::protos::temporal::api::operatorservice::v1::AddSearchAttributesRequest;

use crate::config::BadConfig;
use crate::temporal::attributes::{Attribute, ask};
use crate::temporal::call::request;

/// How long Temporal may take to be there, and then to know what was registered.
const PATIENCE: Duration = Duration::from_secs(60);
const WAIT: Duration = Duration::from_millis(200);

/// Registers the search attributes that are missing, waits until they are known, and names them. Harmless when repeated.
pub async fn set_up(config: &TemporalConfig) -> anyhow::Result<Vec<&'static str>> {
    let target = config.target("ai-evolution-api").map_err(BadConfig)?;
    let deadline = Instant::now() + PATIENCE;
    let client = loop {
        match target.connect().await {
            Ok(connected) => break connected.client,
            Err(error) if Instant::now() > deadline => return Err(error),
            Err(_) => tokio::time::sleep(WAIT).await,
        }
    };
    let mut added = Vec::new();
    loop {
        // A new namespace takes a moment to be known.
        let missing = match ask(&client).await {
            Ok(Ok(registered)) => registered.missing(),
            _ if Instant::now() < deadline => {
                tokio::time::sleep(WAIT).await;
                continue;
            }
            Ok(Err(status)) => bail!(
                "the search attributes cannot be listed: {}",
                status.message()
            ),
            Err(error) => return Err(error).context("the search attributes cannot be listed"),
        };
        if missing.is_empty() {
            return Ok(added);
        }
        if added.is_empty() {
            add(&client, &missing).await?;
            added = missing.into_iter().map(Attribute::name).collect();
        } else if Instant::now() > deadline {
            bail!("Temporal has taken the search attributes, but does not know them yet");
        }
        tokio::time::sleep(WAIT).await;
    }
}

async fn add(client: &Client, missing: &[Attribute]) -> anyhow::Result<()> {
    let attributes: HashMap<String, i32> = missing
        .iter()
        .map(|attribute| (attribute.name().to_owned(), attribute.kind() as i32))
        .collect();
    let mut service = client.clone();
    let add = service.add_search_attributes(request(AddSearchAttributesRequest {
        search_attributes: attributes,
        namespace: client.namespace(),
    }));
    match add.await {
        Ok(_) => Ok(()),
        Err(status) if status.code() == Code::AlreadyExists => Ok(()),
        Err(status) => Err(refused(&status, &client.namespace(), missing)),
    }
}

/// Temporal Cloud has no such call: there, an account's own tool does it.
fn refused(status: &Status, namespace: &str, missing: &[Attribute]) -> anyhow::Error {
    let mut by_hand = String::new();
    for attribute in missing {
        let (name, kind) = (attribute.name(), attribute.kind().as_str_name());
        let kind = kind.trim_start_matches("INDEXED_VALUE_TYPE_");
        let kind = if kind == "KEYWORD" {
            "Keyword"
        } else {
            "KeywordList"
        };
        by_hand += &format!(
            "\n  temporal operator search-attribute create --namespace {namespace} --name {name} --type {kind}"
        );
    }
    anyhow!(
        "Temporal does not let us register search attributes ({}: {}). With the rights for it:{by_hand}\nOn Temporal Cloud: \
         `tcld namespace search-attributes add --namespace {namespace} --search-attribute NAME=TYPE`, or in the settings of the namespace.",
        status.code(),
        status.message(),
    )
}
