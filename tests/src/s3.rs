//! A real object store that speaks S3: SeaweedFS, from its Python package.

use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use crate::process::Process;
use crate::programs::repository;
use crate::stack::Stack;
use crate::tools::{self, free_port};
use crate::wait::eventually;

const START: Duration = Duration::from_secs(120);

pub struct ObjectStore {
    endpoint: String,
    filer: String,
    process: Process,
    _folder: TempDir,
}

impl ObjectStore {
    /// Starts a store and makes a bucket in it.
    pub async fn start(bucket: &str) -> Self {
        let tools = tools::python(
            &repository().join("tests/tools/seaweedfs.txt"),
            &["--no-deps"],
        );
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let identities = folder.path().join("s3.json");
        std::fs::write(&identities, IDENTITIES).expect("a file can be written");
        let [s3, filer] = [port_pair(), port_pair()];
        let mut command = Command::new(tools.join("weed"));
        command
            .current_dir(folder.path())
            .args([
                "server",
                "-ip=127.0.0.1",
                "-ip.bind=127.0.0.1",
                "-s3",
                "-filer",
            ])
            .args([
                "-master.volumeSizeLimitMB=64",
                "-volume.max=20",
                "-s3.port.iceberg=0",
            ])
            .arg(format!("-dir={}", folder.path().display()))
            .arg(format!("-master.port={}", port_pair()))
            .arg(format!("-volume.port={}", port_pair()))
            .arg(format!("-filer.port={filer}"))
            .arg(format!("-s3.port={s3}"))
            .arg(format!("-s3.config={}", identities.display()));
        let log = folder.path().join("weed.log");
        let store = Self {
            endpoint: format!("http://127.0.0.1:{s3}"),
            filer: format!("http://127.0.0.1:{filer}"),
            process: Process::start("SeaweedFS", command, &log).expect("SeaweedFS starts"),
            _folder: folder,
        };
        store.make_bucket(bucket).await;
        store
    }

    /// Waits until the store is up, too.
    async fn make_bucket(&self, bucket: &str) {
        let http = reqwest::Client::builder()
            .no_proxy()
            .build()
            .expect("a client can be made");
        eventually("the bucket is there", START, async || {
            let made = http
                .post(format!("{}/buckets/{bucket}/", self.filer))
                .send()
                .await
                .map_err(|error| error.to_string())?;
            match made.status().is_success() {
                true => Ok(()),
                false => Err(made.status().to_string()),
            }
        })
        .await;
        eventually("the store answers", START, async || {
            // Without a signature it refuses, which is an answer.
            http.get(&self.endpoint)
                .send()
                .await
                .map(|_| ())
                .map_err(|error| error.to_string())
        })
        .await;
    }

    /// Makes a stack keep its artifacts here.
    pub fn configure(&self, stack: &mut Stack, location: &str) {
        stack.keep_artifacts_at(location);
        for (name, value) in [
            ("AWS_ENDPOINT", self.endpoint.as_str()),
            ("AWS_ALLOW_HTTP", "true"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "testtest"),
        ] {
            stack.set(name, value);
        }
    }

    /// Puts an object into a bucket, from the store's own side; `path` begins with the bucket.
    pub async fn put(&self, path: &str, content: Vec<u8>) {
        let http = reqwest::Client::builder()
            .no_proxy()
            .build()
            .expect("a client can be made");
        let put = http
            .put(format!("{}/buckets/{path}", self.filer))
            .body(content)
            .send()
            .await
            .expect("the store answers");
        assert!(put.status().is_success(), "{}", put.status());
    }

    /// The names in a folder of a bucket, seen from the store's own side.
    pub async fn names(&self, folder: &str) -> String {
        let http = reqwest::Client::builder()
            .no_proxy()
            .build()
            .expect("a client can be made");
        let listed = http
            .get(format!("{}/buckets/{folder}/?limit=1000", self.filer))
            .header("accept", "application/json")
            .send()
            .await
            .expect("the store answers");
        listed.text().await.expect("the store answers")
    }

    pub fn process(&self) -> &Process {
        &self.process
    }
}

const IDENTITIES: &str = r#"{"identities": [{
    "name": "test",
    "credentials": [{"accessKey": "test", "secretKey": "testtest"}],
    "actions": ["Admin", "Read", "Write", "List", "Tagging"]
}]}"#;

/// A free port whose number plus 10,000 is free too: SeaweedFS takes both.
fn port_pair() -> u16 {
    (0..1000)
        .map(|_| free_port())
        .find(|port| {
            *port < 55_000 && std::net::TcpListener::bind(("127.0.0.1", port + 10_000)).is_ok()
        })
        .expect("two ports are free")
}
