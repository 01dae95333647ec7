//! Where the artifact store is, for both programs.

use clap::Args;

#[derive(Clone, Debug, Args)]
pub struct StorageConfig {
    /// The artifact store: a folder, `file:///folder`, or `s3://bucket/prefix` (with the usual AWS_* variables).
    #[arg(long, env = "ARTIFACTS", default_value = ".ai-evolution/artifacts")]
    pub artifacts: String,
}

impl StorageConfig {
    /// The settings of the S3 client: the AWS_* variables.
    pub fn options(&self) -> Vec<(String, String)> {
        std::env::vars()
            .filter(|(name, _)| name.starts_with("AWS_"))
            .collect()
    }
}
