//! The operations on uploaded datasets.

use api_types::datasets::{
    CreateDataset, DatasetList, DatasetSample, DatasetVersion, DatasetVersionList,
};
use reqwest::Method;

use crate::client::{Client, Error};

impl Client {
    /// Announces a file; the answer says where its upload goes on.
    pub(crate) async fn create_dataset(
        &self,
        file: &CreateDataset,
    ) -> Result<DatasetVersion, Error> {
        let request = self.request(Method::POST, &["v1", "datasets"]).json(file);
        self.send(request).await
    }

    /// Adds the next part to a file.
    pub(crate) async fn upload_part(
        &self,
        file: &DatasetVersion,
        part: Vec<u8>,
    ) -> Result<DatasetVersion, Error> {
        let path = ["v1", "datasets", &file.name, "versions", &file.version];
        let request = self
            .request(Method::PATCH, &path)
            .header("content-type", "application/octet-stream")
            .header("upload-offset", file.received)
            .body(part);
        self.send(request).await
    }

    pub(crate) async fn datasets(&self, page_token: Option<&str>) -> Result<DatasetList, Error> {
        let request = self
            .request(Method::GET, &["v1", "datasets"])
            .query(&[("page_token", page_token)]);
        self.send(request).await
    }

    pub(crate) async fn dataset_versions(&self, name: &str) -> Result<DatasetVersionList, Error> {
        let path = ["v1", "datasets", name];
        self.send(self.request(Method::GET, &path)).await
    }

    pub(crate) async fn dataset_sample(
        &self,
        name: &str,
        limit: u32,
        version: Option<&str>,
    ) -> Result<DatasetSample, Error> {
        let request = self
            .request(Method::GET, &["v1", "datasets", name, "sample"])
            .query(&[("limit", limit)])
            .query(&[("version", version)]);
        self.send(request).await
    }
}
