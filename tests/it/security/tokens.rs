//! Tokens of an issuer let their bearers in, and tokens that somebody else has made let nobody in.

use std::time::{SystemTime, UNIX_EPOCH};

use harness::issuer::{Issuer, Signer, encode, key_set, unsigned};
use harness::{Answer, Stack, eventually, experiments, temporal};
use reqwest::Method;
use serde_json::{Value, json};

use crate::SOON;

const AUDIENCE: &str = "ai-evolution";

async fn stack(issuer: &str, more: &[(&str, &str)]) -> Stack {
    let mut stack = Stack::prepare(temporal::shared().await).await;
    stack.set("OIDC_ISSUER", issuer);
    stack.set("OIDC_AUDIENCE", AUDIENCE);
    for (name, value) in more {
        stack.set(name, value);
    }
    stack.start_api().await;
    stack
}

/// The time now, in seconds, as claims have it.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap().as_secs()
}

/// What a good token says, but for a change.
fn claims(issuer: &str, change: impl FnOnce(&mut Value)) -> Value {
    let mut claims = json!({
        "iss": issuer, "aud": AUDIENCE, "sub": "ada", "roles": ["write"],
        "iat": now(), "nbf": now(), "exp": now() + 600,
    });
    change(&mut claims);
    claims
}

async fn list(stack: &Stack, token: &str) -> Answer {
    let request = stack.api().request(Method::GET, "/v1/experiments");
    stack.api().send(request.bearer_auth(token)).await
}

async fn create(stack: &Stack, token: &str) -> u16 {
    let request = stack.api().request(Method::POST, "/v1/experiments");
    let request = request.bearer_auth(token).json(&experiments::valid());
    stack.api().send(request).await.status
}

#[tokio::test]
async fn tokens_of_the_issuer_let_in_as_far_as_their_roles_go() {
    let issuer = Issuer::start().await;
    let signers = [
        Signer::rsa("rsa"),
        Signer::pss("pss"),
        Signer::ec("ec"),
        Signer::ed("ed"),
    ];
    issuer.tell(&signers.each_ref());
    let name = issuer.name();
    let stack = stack(&name, &[]).await;
    for signer in &signers {
        let token = signer.token(&claims(&name, |_| {}));
        let listed = list(&stack, &token).await;
        assert_eq!(listed.status, 200, "{}: {}", signer.id, listed.text);
    }
    let [signer, ..] = &signers;
    for (roles, may_read, may_write) in [
        (json!(["write"]), 200, 201),
        (json!("read other"), 200, 403),
        (json!(["other"]), 403, 403),
        (json!(7), 403, 403),
    ] {
        let token = signer.token(&claims(&name, |claims| claims["roles"] = roles.clone()));
        let answers = (
            list(&stack, &token).await.status,
            create(&stack, &token).await,
        );
        assert_eq!(answers, (may_read, may_write), "{roles}");
    }
    let logs = stack.logs();
    assert!(logs.contains("ada"), "the log names who has asked");
    assert!(!logs.contains("eyJ"), "a token is in the log");
}

#[tokio::test]
async fn tokens_that_are_not_for_us_or_not_for_now_are_refused() {
    let issuer = Issuer::start().await;
    let signer = Signer::rsa("rsa");
    issuer.tell(&[&signer]);
    let name = issuer.name();
    let stack = stack(&name, &[]).await;
    let good = signer.token(&claims(&name, |_| {}));
    assert_eq!(list(&stack, &good).await.status, 200);
    type Change = fn(&mut Value);
    let changes: [(&str, Change); 13] = [
        ("expired", |c| c["exp"] = json!(now() - 120)),
        ("not valid yet", |c| c["nbf"] = json!(now() + 120)),
        ("without an end", |c| {
            drop(c.as_object_mut().unwrap().remove("exp"))
        }),
        ("an end that is no number", |c| c["exp"] = json!("never")),
        ("for another service", |c| c["aud"] = json!("other")),
        ("for others", |c| c["aud"] = json!(["other", "another"])),
        ("for nobody", |c| {
            drop(c.as_object_mut().unwrap().remove("aud"))
        }),
        ("of another issuer", |c| {
            c["iss"] = json!("https://other.example")
        }),
        ("of no issuer", |c| {
            drop(c.as_object_mut().unwrap().remove("iss"))
        }),
        ("of a similar issuer", |c| {
            c["iss"] = json!(format!("{}/", c["iss"].as_str().unwrap()))
        }),
        ("of nobody", |c| {
            drop(c.as_object_mut().unwrap().remove("sub"))
        }),
        ("of an empty name", |c| c["sub"] = json!("")),
        ("of a name that is no text", |c| c["sub"] = json!({"a": 1})),
    ];
    for (case, change) in changes {
        refused(&stack, case, &signer.token(&claims(&name, change))).await;
    }
    for (case, token) in [
        ("empty", ""),
        ("points", ".."),
        ("text", "aie_x"),
        ("cut short", &good[..good.len() - 10]),
        ("without a signature", good.rsplit_once('.').unwrap().0),
        (
            "an empty signature",
            &format!("{}.", good.rsplit_once('.').unwrap().0),
        ),
    ] {
        refused(&stack, case, token).await;
    }
}

/// 401 without a word of what was wrong.
async fn refused(stack: &Stack, case: &str, token: &str) {
    let answer = list(stack, token).await;
    assert_eq!(answer.status, 401, "{case}: {}", answer.text);
    let mut problem = answer.problem();
    assert_eq!(problem["code"], "unauthenticated", "{case}");
    assert!(
        answer
            .header("www-authenticate")
            .starts_with("Bearer realm=")
    );
    problem["request_id"] = json!("");
    for word in ["Expired", "Signature", "Audience", "kid", "alg", "JSON"] {
        assert!(!problem.to_string().contains(word), "{case}: {problem}");
    }
}

#[tokio::test]
async fn a_token_cannot_choose_how_it_is_verified() {
    let issuer = Issuer::start().await;
    let (rsa, ec, forger) = (Signer::rsa("rsa"), Signer::ec("ec"), Signer::rsa("rsa"));
    issuer.tell(&[&rsa, &ec]);
    let name = issuer.name();
    let stack = stack(&name, &[]).await;
    let claims = claims(&name, |_| {});
    assert_eq!(list(&stack, &rsa.token(&claims)).await.status, 200);

    // No signature at all.
    for algorithm in ["none", "None", "NONE", ""] {
        let header = json!({"alg": algorithm, "kid": "rsa", "typ": "JWT"});
        refused(
            &stack,
            algorithm,
            &format!("{}.", unsigned(&header, &claims)),
        )
        .await;
    }
    // The public key taken for a secret that is shared.
    let header = json!({"alg": "HS256", "kid": "rsa", "typ": "JWT"});
    for secret in [
        rsa.public_bytes(),
        key_set(&[&rsa]).to_string().into_bytes(),
    ] {
        let said = unsigned(&header, &claims);
        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, &secret);
        let signature = aws_lc_rs::hmac::sign(&key, said.as_bytes());
        let token = format!("{said}.{}", encode(signature.as_ref()));
        refused(&stack, "a shared secret", &token).await;
    }
    // A key of one kind named for an algorithm of another, and a key of the forger's own.
    let other_kind = json!({"alg": "RS256", "kid": "ec"});
    refused(
        &stack,
        "another kind",
        &rsa.token_with(&other_kind, &claims),
    )
    .await;
    let other_scheme = json!({"alg": "PS256", "kid": "rsa"});
    refused(
        &stack,
        "another scheme",
        &rsa.token_with(&other_scheme, &claims),
    )
    .await;
    refused(&stack, "a forger's key", &forger.token(&claims)).await;
    let own = key_set(&[&forger])["keys"][0].clone();
    for (case, header) in [
        (
            "a key in the token",
            json!({"alg": "RS256", "kid": "rsa", "jwk": own}),
        ),
        (
            "an address in the token",
            json!({"alg": "RS256", "kid": "x", "jku": "http://127.0.0.1:1/keys"}),
        ),
        (
            "what must be understood",
            json!({"alg": "RS256", "kid": "rsa", "crit": ["exp"], "exp": 1}),
        ),
    ] {
        refused(&stack, case, &forger.token_with(&header, &claims)).await;
    }
    let critical = json!({"alg": "RS256", "kid": "rsa", "crit": ["x"], "x": 1});
    refused(&stack, "critical", &rsa.token_with(&critical, &claims)).await;
}

#[tokio::test]
async fn keys_are_changed_by_the_issuer_and_unknown_ones_do_not_flood_it() {
    let issuer = Issuer::start().await;
    let (old, new) = (Signer::rsa("old"), Signer::ed("new"));
    let name = issuer.name();
    // The issuer is away at the start.
    let stack = stack(&name, &[]).await;
    let [old_token, new_token] = [&old, &new].map(|signer| signer.token(&claims(&name, |_| {})));
    let away = list(&stack, &old_token).await;
    assert_eq!(away.status, 503, "{}", away.text);
    assert!(!away.header("retry-after").is_empty());
    issuer.tell(&[&old]);
    let becomes = async |token: &str, status: u16| {
        eventually("the keys are known", SOON, async || {
            match list(&stack, token).await.status {
                got if got == status => Ok(()),
                got => Err(got.to_string()),
            }
        })
        .await;
    };
    becomes(&old_token, 200).await;
    // A key that was added is known when the first token names it, and the old one is good no longer.
    issuer.tell(&[&new]);
    becomes(&new_token, 200).await;
    assert_eq!(list(&stack, &old_token).await.status, 401);
    let asked = issuer.asked();
    for number in 0..50 {
        let header = json!({"alg": "EdDSA", "kid": format!("made-up-{number}")});
        let token = new.token_with(&header, &claims(&name, |_| {}));
        assert_eq!(list(&stack, &token).await.status, 401);
    }
    // At most one question in five seconds, however many tokens come.
    assert!(issuer.asked() - asked <= 2, "{}", issuer.asked() - asked);
}

#[tokio::test]
async fn keys_in_a_file_need_no_issuer_and_stand_beside_api_keys() {
    let signer = Signer::ec("file");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys.json");
    std::fs::write(&file, key_set(&[&signer]).to_string()).unwrap();
    let (key, entry) = crate::operations::key("k", "read");
    let keys = folder.path().join("keys.toml");
    std::fs::write(&keys, entry).unwrap();
    let name = "https://issuer.example";
    let more = [
        ("OIDC_JWKS_FILE", file.to_str().unwrap()),
        ("OIDC_ROLES_CLAIM", "realm_access.roles"),
        ("OIDC_WRITE_ROLES", "operators,admins"),
        ("API_KEYS", keys.to_str().unwrap()),
    ];
    let stack = stack(name, &more).await;
    let token = signer.token(&claims(name, |claims| {
        claims["realm_access"] = json!({"roles": ["admins"]});
    }));
    assert_eq!(create(&stack, &token).await, 201);
    assert_eq!(list(&stack, &key).await.status, 200);
    assert_eq!(create(&stack, &key).await, 403);
    let other = Signer::ec("file");
    std::fs::write(&file, key_set(&[&other]).to_string() + " ").unwrap();
    eventually("the new keys are read", SOON, async || {
        match list(&stack, &token).await.status {
            401 => Ok(()),
            other => Err(other.to_string()),
        }
    })
    .await;
}

#[tokio::test]
async fn a_token_names_the_tenant_of_its_bearer() {
    let issuer = Issuer::start().await;
    let signer = Signer::ed("ed");
    issuer.tell(&[&signer]);
    let name = issuer.name();
    let stack = stack(&name, &[("OIDC_TENANT_CLAIM", "org.id")]).await;
    let [acme, bolt] = ["acme", "bolt"].map(|org| {
        let claims = claims(&name, |claims| claims["org"] = json!({"id": org}));
        stack.api().bearing(&signer.token(&claims))
    });
    let mut body = experiments::valid();
    body["experiment_id"] = json!("one");
    acme.create(&body).await;
    acme.experiment("one").await;
    assert_eq!(bolt.get("/v1/experiments/one").await.status, 404);
    for org in [
        json!(null),
        json!({}),
        json!({"id": "a@b"}),
        json!({"id": ["acme"]}),
    ] {
        let token = signer.token(&claims(&name, |claims| claims["org"] = org.clone()));
        assert_eq!(list(&stack, &token).await.status, 403, "{org}");
    }
}
