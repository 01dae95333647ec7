//! Who is let in: the bearers of keys, each as far as its role goes and as often as it may.

use std::num::NonZeroU32;

use api::{Doorkeeper, Entrance, Keys, Limits, NewKey, Role};
use axum::body::Body;
use axum::http::Request;

use crate::service::{Answer, Service, request};

/// A key with that role, and a service that knows it.
fn service(role: Role, rate_limit: Option<u32>) -> (String, Service) {
    let new = NewKey::make("ci".to_owned(), role, None).unwrap();
    let keys = Keys::parse(&new.entry().unwrap()).unwrap();
    let rate_limit = rate_limit.and_then(NonZeroU32::new);
    let entrance = Entrance {
        doorkeeper: Doorkeeper::new(Some(keys), rate_limit),
        cors_origins: vec!["https://evals.example".parse().unwrap()],
    };
    let service = Service::behind(Limits::default(), entrance);
    (format!("Bearer {}", new.key()), service)
}

async fn send(service: &Service, method: &str, path: &str, key: Option<&str>) -> Answer {
    let mut sent = Request::builder().method(method).uri(path);
    if let Some(key) = key {
        sent = sent.header("authorization", key);
    }
    let body = request(|_| {}).to_string();
    let sent = sent.header("content-type", "application/json");
    service.send(sent.body(Body::from(body)).unwrap()).await
}

#[tokio::test]
async fn nobody_gets_past_the_door_without_a_key() {
    let (key, service) = service(Role::Write, None);
    for path in [
        "/v1/experiments",
        "/v1/experiments/e/events",
        "/v1/workflows/w",
        "/none",
        "/dashboard",
    ] {
        for wrong in [None, Some("Bearer aie_x"), Some("Basic YTpi")] {
            let refused = send(&service, "GET", path, wrong).await;
            assert_eq!(
                (refused.status, &refused.body["code"]),
                (401, &"unauthenticated".into())
            );
            assert_eq!(
                refused.headers["www-authenticate"],
                "Bearer realm=\"ai-evolution\""
            );
        }
    }
    for open in ["/healthz", "/openapi.json", "/docs/", "/"] {
        assert_eq!(
            send(&service, "GET", open, None).await.status,
            200,
            "{open}"
        );
    }
    let listed = send(&service, "GET", "/v1/experiments", Some(&key)).await;
    assert_eq!(listed.status, 200);
    let created = send(&service, "POST", "/v1/experiments", Some(&key)).await;
    assert_eq!(created.status, 201);
}

#[tokio::test]
async fn who_may_only_read_changes_nothing() {
    let (key, service) = service(Role::Read, None);
    let listed = send(&service, "GET", "/v1/experiments", Some(&key)).await;
    assert_eq!(listed.status, 200);
    for (method, path) in [
        ("POST", "/v1/experiments"),
        ("POST", "/v1/experiments/e/cancel"),
        ("PATCH", "/v1/experiments/e"),
        ("DELETE", "/v1/experiments/e"),
    ] {
        let refused = send(&service, method, path, Some(&key)).await;
        assert_eq!(
            (refused.status, &refused.body["code"]),
            (403, &"forbidden".into())
        );
    }
    assert!(service.memory.started.lock().unwrap().is_empty());
}

#[tokio::test]
async fn the_callers_of_a_tenant_share_what_it_may_ask() {
    let make = |name: &str, tenant: Option<&str>| {
        let new = NewKey::make(name.to_owned(), Role::Read, None).unwrap();
        let tenant = tenant.map(|tenant| tenant.parse().unwrap());
        let new = new.of_tenant(tenant);
        (format!("Bearer {}", new.key()), new.entry().unwrap())
    };
    let (one, first) = make("one", Some("acme"));
    let (two, second) = make("two", Some("acme"));
    let (other, third) = make("other", None);
    let keys = Keys::parse(&[first, second, third].concat()).unwrap();
    let doorkeeper = Doorkeeper::new(Some(keys), NonZeroU32::new(9));
    let entrance = Entrance {
        doorkeeper: doorkeeper.and_tenant_limit(NonZeroU32::new(2)),
        cors_origins: Vec::new(),
    };
    let service = Service::behind(Limits::default(), entrance);
    let ask = async |key: &str| send(&service, "GET", "/v1/experiments", Some(key)).await;
    let answer = ask(&one).await;
    let told: Vec<_> = answer.headers.get_all("ratelimit").iter().collect();
    assert_eq!(told, ["\"requests\";r=8;t=0", "\"tenant\";r=1;t=0"]);
    assert_eq!(ask(&two).await.status, 200);
    for key in [&one, &two] {
        let refused = ask(key).await;
        assert_eq!(refused.status, 429);
        assert!(refused.headers.contains_key("retry-after"));
    }
    for _ in 0..4 {
        let answer = ask(&other).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.headers.get_all("ratelimit").iter().count(), 1);
    }
}

#[tokio::test]
async fn who_asks_too_often_is_told_to_wait() {
    let (key, service) = service(Role::Read, Some(2));
    for left in ["1", "0"] {
        let answer = send(&service, "GET", "/v1/experiments", Some(&key)).await;
        assert_eq!(answer.status, 200);
        assert_eq!(
            answer.headers["ratelimit"],
            format!("\"requests\";r={left};t=0").as_str()
        );
        assert_eq!(answer.headers["ratelimit-policy"], "\"requests\";q=2;w=60");
    }
    let refused = send(&service, "GET", "/v1/experiments", Some(&key)).await;
    assert_eq!(
        (refused.status, &refused.body["code"]),
        (429, &"too_many_requests".into())
    );
    let wait: u64 = refused.headers["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=30).contains(&wait), "{wait}");
    assert_eq!(send(&service, "GET", "/healthz", None).await.status, 200);
}

#[tokio::test]
async fn pages_of_known_origins_may_use_the_service_and_no_others() {
    let (key, service) = service(Role::Write, None);
    for (origin, allowed) in [
        ("https://evals.example", true),
        ("https://other.example", false),
    ] {
        let preflight = Request::builder()
            .method("OPTIONS")
            .uri("/v1/experiments")
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header(
                "access-control-request-headers",
                "authorization,content-type",
            );
        let answer = service.send(preflight.body(Body::empty()).unwrap()).await;
        let told = answer.headers.get("access-control-allow-origin");
        assert_eq!(told.is_some_and(|told| told == origin), allowed, "{origin}");
        let sent = Request::get("/v1/experiments").header("origin", origin);
        let sent = sent
            .header("authorization", &key)
            .body(Body::empty())
            .unwrap();
        let answer = service.send(sent).await;
        let told = answer.headers.get("access-control-allow-origin");
        assert_eq!(told.is_some_and(|told| told == origin), allowed, "{origin}");
    }
}
