//! The issuer of tokens, and how the claims of its tokens are read.

use std::path::PathBuf;

use clap::Args;

/// Read once, as a part of the configuration.
#[derive(Clone, Debug, Default, Args)]
pub struct OidcConfig {
    /// An OpenID Connect issuer whose tokens let callers in, exactly as their claim `iss` says it.
    #[arg(
        long,
        env = "OIDC_ISSUER",
        value_name = "URL",
        requires = "oidc_audience"
    )]
    pub oidc_issuer: Option<String>,
    /// Whom tokens must be meant for: one of these, separated by commas, must be in their claim `aud`.
    #[arg(
        long,
        env = "OIDC_AUDIENCE",
        value_name = "NAMES",
        value_delimiter = ',',
        requires = "oidc_issuer"
    )]
    pub oidc_audience: Vec<String>,
    /// A file with the issuer's keys (a JSON Web Key Set), which is then asked for none. It may be changed while the
    /// service runs.
    #[arg(
        long,
        env = "OIDC_JWKS_FILE",
        value_name = "PATH",
        requires = "oidc_issuer"
    )]
    pub oidc_jwks_file: Option<PathBuf>,
    /// The claim that names a caller's roles, in a list or as words; dots lead into objects, as in `realm_access.roles`.
    #[arg(
        long,
        env = "OIDC_ROLES_CLAIM",
        value_name = "CLAIM",
        default_value = "roles"
    )]
    pub oidc_roles_claim: String,
    /// What that claim calls callers who may read, separated by commas.
    #[arg(
        long,
        env = "OIDC_READ_ROLES",
        value_name = "NAMES",
        value_delimiter = ',',
        default_value = "read"
    )]
    pub oidc_read_roles: Vec<String>,
    /// What it calls callers who may also create and control, separated by commas.
    #[arg(
        long,
        env = "OIDC_WRITE_ROLES",
        value_name = "NAMES",
        value_delimiter = ',',
        default_value = "write"
    )]
    pub oidc_write_roles: Vec<String>,
}
