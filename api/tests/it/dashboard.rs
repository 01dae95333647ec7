//! The dashboard's files: what they are served as, what they may do, and how long they are kept.

use axum::body::Body;
use axum::http::Request;

use crate::service::Service;

/// The addresses in the page.
fn addresses(page: &str) -> Vec<&str> {
    let parts = page.split('"');
    parts
        .filter(|part| part.starts_with("dashboard/"))
        .collect()
}

#[tokio::test]
async fn the_page_leads_to_its_files() {
    let service = Service::new();
    let (status, page) = service.text("/", None).await;
    assert_eq!(status, 200);
    let addresses = addresses(&page);
    assert!(addresses.len() > 4, "{page}");
    for address in addresses {
        let file = service.get(&format!("/{address}")).await;
        assert_eq!(file.status, 200, "{address}");
        let expected = match address.rsplit('.').next().unwrap() {
            "js" => "text/javascript; charset=utf-8",
            "css" => "text/css; charset=utf-8",
            _ => "image/svg+xml",
        };
        assert_eq!(file.headers["content-type"], expected);
        assert_eq!(
            file.headers["cache-control"],
            "public, max-age=31536000, immutable"
        );
    }
}

#[tokio::test]
async fn nothing_but_its_own_scripts_may_run_in_the_page() {
    let service = Service::new();
    let page = service.get("/").await;
    assert_eq!(page.headers["content-type"], "text/html; charset=utf-8");
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'; script-src 'self'"));
    assert!(!policy.contains("unsafe"), "{policy}");
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    assert_eq!(page.headers["x-content-type-options"], "nosniff");
}

#[tokio::test]
async fn a_page_that_is_known_is_not_sent_again() {
    let service = Service::new();
    let page = service.get("/").await;
    let again = Request::get("/").header("if-none-match", &page.headers["etag"]);
    let again = service.send(again.body(Body::empty()).unwrap()).await;
    assert_eq!(again.status, 304);
    assert_eq!(again.headers["etag"], page.headers["etag"]);
}

#[tokio::test]
async fn a_page_of_another_version_finds_its_files_but_does_not_keep_them() {
    let service = Service::new();
    let file = service.get("/dashboard/0123/main.js").await;
    assert_eq!(file.status, 200);
    assert_eq!(file.headers["cache-control"], "no-cache");
    for path in [
        "/dashboard/0123/none.js",
        "/dashboard/0123/../main.js",
        "/dashboard/0123/%2e%2e%2fCargo.toml",
        "/dashboard/0123",
    ] {
        let missing = service.get(path).await;
        assert_eq!(missing.status, 404, "{path}");
        assert_eq!(missing.body["code"], "not_found");
    }
}
