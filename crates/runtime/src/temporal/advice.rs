//! What to do about a connection to Temporal that cannot be made.

use temporalio_client::errors::ClientConnectError;

/// By the words in which the reason is told, innermost: rustls's (`CertificateError`, and `AlertDescription` for what the
/// server says, RFC 8446, section 6.2), and gRPC's status codes. HTTP/2 passes errors of the connection on as text alone.
const ADVICE: [(&str, &str); 10] = [
    (
        "UnknownIssuer",
        "the server's certificate is signed by an authority that is not known here: give that one's certificate as \
         TEMPORAL_TLS_SERVER_CA_CERT_PATH",
    ),
    (
        "NotValidForName",
        "the server's certificate is for another name: connect to the name that is in it, or give that as TEMPORAL_TLS_SERVER_NAME",
    ),
    (
        "Expired",
        "the server's certificate, or that of its authority, has expired: the server needs another",
    ),
    (
        "CertificateRequired",
        "the server asks for a client certificate: give one as TEMPORAL_TLS_CLIENT_CERT_PATH, with its key as \
         TEMPORAL_TLS_CLIENT_KEY_PATH",
    ),
    (
        "UnknownCA",
        "the server does not know the authority of the client certificate (TEMPORAL_TLS_CLIENT_CERT_PATH): use one that is \
         signed by an authority that it knows",
    ),
    (
        "DecryptError",
        "the server does not take the client certificate (TEMPORAL_TLS_CLIENT_CERT_PATH): use one that is signed by an \
         authority that it knows, with its own key",
    ),
    (
        "CertificateExpired",
        "the client certificate (TEMPORAL_TLS_CLIENT_CERT_PATH) has expired: put another in its place",
    ),
    (
        "InvalidContentType",
        "the server does not speak TLS: set TEMPORAL_TLS=false, or connect to the port that does",
    ),
    (
        "Unauthenticated",
        "Temporal does not take the credentials: see TEMPORAL_API_KEY, or the client certificate",
    ),
    (
        "PermissionDenied",
        "Temporal knows the credentials and does not let them in: see TEMPORAL_NAMESPACE, and what the key or certificate may do",
    ),
];

/// The error, with what to do about it where that is known.
pub(super) fn with_advice(error: ClientConnectError) -> anyhow::Error {
    let told = format!("{error:?}");
    let advice = ADVICE
        .iter()
        .filter(|(word, _)| told.contains(word))
        // Of two words one of which begins the other, the longer says more.
        .max_by_key(|(word, _)| word.len());
    let error = anyhow::Error::new(error);
    match advice {
        Some((_, advice)) => error.context(*advice),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use temporalio_client::tonic::Status;

    use super::*;

    #[test]
    fn a_reason_that_is_known_comes_with_advice_and_another_as_it_is() {
        let refused = ClientConnectError::SystemInfoCallError(Status::unauthenticated("who?"));
        let told = format!("{:#}", with_advice(refused));
        assert!(
            told.starts_with("Temporal does not take the credentials"),
            "{told}"
        );
        assert!(told.contains("who?"), "{told}");
        let away = ClientConnectError::SystemInfoCallError(Status::unavailable("later"));
        assert!(with_advice(away).to_string().contains("later"));
    }
}
