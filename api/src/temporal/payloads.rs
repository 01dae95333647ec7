//! What payloads hold: decrypted where the service has keys, and read as the types that we know.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use temporalio_client::{Client, NamespacedClient};
use temporalio_common::data_converters::{
    GenericPayloadConverter, PayloadConversionError, SerializationContext,
    SerializationContextData, WorkflowSerializationContext,
};
use temporalio_common::payload_visitor::{PayloadVisitable, decode_payloads};
use temporalio_common::protos::temporal::api::common::v1::Payload;
use temporalio_common::protos::temporal::api::failure::v1::Failure;

fn context() -> SerializationContextData {
    SerializationContextData::Workflow(WorkflowSerializationContext::new())
}

/// Decrypts every payload of a message, in its place.
pub(super) async fn decrypt<M: PayloadVisitable + Send>(
    client: &Client,
    message: &mut M,
) -> Result<(), PayloadConversionError> {
    decode_payloads(message, client.data_converter().codec(), &context()).await
}

/// A payload that is not of that type, such as one of an older worker, says nothing.
pub(super) fn decoded<T: DeserializeOwned + 'static>(
    client: &Client,
    payload: &Payload,
) -> Option<T> {
    let converter = client.data_converter().payload_converter();
    let context = context();
    let context = SerializationContext::new(&context, converter);
    converter.from_payload(&context, payload.clone()).ok()
}

/// Where encrypted failures keep what they say.
#[derive(Deserialize)]
struct EncodedAttributes {
    message: String,
}

/// What a failure says.
pub(super) fn message(client: &Client, failure: &Failure) -> String {
    let encoded = failure.encoded_attributes.as_ref();
    let encoded = encoded.and_then(|payload| decoded::<EncodedAttributes>(client, payload));
    encoded.map_or_else(|| failure.message.clone(), |encoded| encoded.message)
}

/// What the failure says that caused the others.
pub(super) fn innermost(client: &Client, failure: &Failure) -> String {
    let mut failure = failure;
    while let Some(cause) = &failure.cause {
        failure = cause;
    }
    message(client, failure)
}
