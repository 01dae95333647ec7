//! An authority that signs certificates, and what a program or a server does with them.

use std::path::Path;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

/// Who signs.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate for a name, and its key.
struct Identity {
    certificate: rcgen::Certificate,
    key: KeyPair,
}

impl Authority {
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key"));
        Self(issuer.expect("it signs itself"))
    }

    fn sign(&self, name: &str) -> Identity {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new([name.to_owned()]).expect("a name");
        let certificate = params.signed_by(&key, &self.0).expect("it is signed");
        Identity { certificate, key }
    }

    /// Writes its own certificate as `ca.pem`, what all must know to believe what it has signed.
    pub fn write(&self, folder: &Path) {
        put(folder, "ca.pem", &self.0.pem());
    }

    /// Writes a certificate of that name as `client.pem`, and its key as `client.key`.
    pub fn write_client(&self, folder: &Path, name: &str) {
        let client = self.sign(name);
        put(folder, "client.pem", &client.certificate.pem());
        put(folder, "client.key", &client.key.serialize_pem());
    }

    /// How a server of that name speaks TLS: HTTP/2 alone, to those who show a certificate of this authority if it `asks`.
    pub fn server(&self, name: &str, asks: bool) -> Arc<ServerConfig> {
        let server = self.sign(name);
        let key = PrivatePkcs8KeyDer::from(server.key.serialize_der());
        let builder = ServerConfig::builder();
        let builder = match asks {
            false => builder.with_no_client_auth(),
            true => {
                let mut roots = RootCertStore::empty();
                roots.add(self.0.der().clone()).expect("a certificate");
                let verifier = WebPkiClientVerifier::builder(Arc::new(roots)).build();
                builder.with_client_cert_verifier(verifier.expect("an authority is known"))
            }
        };
        let chain = vec![server.certificate.der().clone()];
        let mut config = builder
            .with_single_cert(chain, key.into())
            .expect("the key is the certificate's");
        config.alpn_protocols = vec![b"h2".to_vec()];
        Arc::new(config)
    }
}

fn put(folder: &Path, name: &str, content: &str) {
    std::fs::write(folder.join(name), content).expect("a file can be written");
}
