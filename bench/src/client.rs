//! An X-Ray API client: unsigned JSON over keep-alive connections.

use anyhow::{Context, bail};
use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

#[derive(Clone, Debug)]
pub(crate) struct Client {
    http: HttpClient<HttpConnector, Full<Bytes>>,
    base: String,
}

impl Client {
    pub(crate) fn new(address: &str) -> Self {
        let http = HttpClient::builder(TokioExecutor::new()).build_http();
        Self {
            http,
            base: format!("http://{address}"),
        }
    }

    /// Sends a body; the answer may be any status.
    pub(crate) async fn post(
        &self,
        path: &str,
        body: Bytes,
    ) -> anyhow::Result<(StatusCode, Bytes)> {
        let request = Request::post(format!("{}{path}", self.base))
            .header("content-type", "application/json")
            .body(Full::new(body))
            .context("make a request")?;
        let response = self.http.request(request).await.context("send a request")?;
        let status = response.status();
        let body = response
            .into_body()
            .collect()
            .await
            .context("read an answer")?
            .to_bytes();
        Ok((status, body))
    }

    /// Calls an operation that must succeed.
    pub(crate) async fn call(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let (status, answer) = self.post(path, body.to_string().into()).await?;
        if !status.is_success() {
            bail!(
                "{path} answered {status}: {}",
                String::from_utf8_lossy(&answer)
            );
        }
        serde_json::from_slice(&answer).context("read an answer as JSON")
    }

    pub(crate) async fn get(&self, path: &str) -> anyhow::Result<Bytes> {
        let uri = format!("{}{path}", self.base)
            .parse()
            .context("make an address")?;
        let response = self.http.get(uri).await.context("send a request")?;
        let status = response.status();
        let body = response
            .into_body()
            .collect()
            .await
            .context("read an answer")?
            .to_bytes();
        if !status.is_success() {
            bail!("{path} answered {status}");
        }
        Ok(body)
    }
}
