//! Which hosts datasets may be read from, and at which addresses these may be.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// A host that the operator allows: `data.example.com`, with a port other than that of the scheme
/// `data.example.com:8443`; `*.example.com` is every host below that name, `*` every host. What is allowed only by such a
/// pattern is reached at public addresses alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedHost {
    name: Pattern,
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Pattern {
    One(Host),
    Below(String),
    Every,
}

#[derive(Debug, thiserror::Error)]
#[error(
    "`{0}` is no host such as `data.example.com`, `data.example.com:8443`, `*.example.com` or `*`"
)]
pub struct NotAHost(String);

impl FromStr for AllowedHost {
    type Err = NotAHost;

    fn from_str(text: &str) -> Result<Self, NotAHost> {
        let bad = || NotAHost(text.to_owned());
        let (name, port) = match text.rsplit_once(':') {
            Some((name, port)) if !port.ends_with(']') => {
                (name, Some(port.parse().map_err(|_| bad())?))
            }
            _ => (text, None),
        };
        let host = |name: &str| Host::parse(name).map_err(|_| bad());
        let name = match name.strip_prefix("*.") {
            _ if name == "*" => Pattern::Every,
            Some(rest) => match host(rest)? {
                Host::Domain(domain) => Pattern::Below(format!(".{domain}")),
                Host::Ipv4(_) | Host::Ipv6(_) => return Err(bad()),
            },
            None => Pattern::One(host(name)?),
        };
        Ok(Self { name, port })
    }
}

/// Why an address is not read from.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum Refused {
    #[error("the workers may not read datasets from `{0}`")]
    Host(String),
    #[error("the workers may not read datasets from `{0}`, which has no public address")]
    Private(String),
    #[error("`{0}` leads on from https to http")]
    Unprotected(String),
    #[error("`{0}` leads on too often")]
    TooFar(String),
}

/// All hosts that are allowed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hosts(pub(crate) Arc<[AllowedHost]>);

impl Hosts {
    /// Whether an address of http or https may be read from. Which addresses its name has is checked when it is resolved.
    pub(crate) fn check(&self, url: &Url) -> Result<(), Refused> {
        let shown = || match url.port() {
            Some(port) => format!("{}:{port}", url.host_str().unwrap_or_default()),
            None => url.host_str().unwrap_or_default().to_owned(),
        };
        let (Some(host), "http" | "https") = (url.host(), url.scheme()) else {
            return Err(Refused::Host(shown()));
        };
        let host = host.to_owned();
        let allowed = || self.0.iter().filter(|allowed| allowed.port == url.port());
        if allowed().any(|allowed| allowed.name == Pattern::One(host.clone())) {
            return Ok(());
        }
        if !allowed().any(|allowed| allowed.name.covers(&host)) {
            return Err(Refused::Host(shown()));
        }
        let is_private = match host {
            Host::Domain(_) => false,
            Host::Ipv4(address) => !is_public(address.into()),
            Host::Ipv6(address) => !is_public(address.into()),
        };
        match is_private {
            true => Err(Refused::Private(shown())),
            false => Ok(()),
        }
    }

    /// Whether a host is allowed by its own name.
    fn names(&self, domain: &str) -> bool {
        let is_named = |allowed: &AllowedHost| match &allowed.name {
            Pattern::One(Host::Domain(name)) => name.eq_ignore_ascii_case(domain),
            _ => false,
        };
        self.0.iter().any(is_named)
    }
}

impl Pattern {
    fn covers(&self, host: &Host) -> bool {
        match (self, host) {
            (Self::Every, _) => true,
            (Self::Below(parent), Host::Domain(domain)) => domain.ends_with(parent.as_str()),
            _ => false,
        }
    }
}

/// Resolves names as the system does. A host that is not allowed by its own name has its public addresses only, so that no
/// name of a stranger's leads into the operator's network.
impl Resolve for Hosts {
    fn resolve(&self, name: Name) -> Resolving {
        let is_named = self.names(name.as_str());
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let addresses: Vec<SocketAddr> = found
                .filter(|address| is_named || is_public(address.ip()))
                .collect();
            match addresses.is_empty() {
                true => Err(Refused::Private(name.as_str().to_owned()).into()),
                false => Ok(Box::new(addresses.into_iter()) as Addrs),
            }
        })
    }
}

/// Whether an address belongs to the public internet, by the registries of special addresses of IANA (RFC 6890).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || address.is_multicast()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (18..20).contains(&b));
    !is_special
}

/// Only 2000::/3 is given out, and in it are ranges that stand for addresses of version 4.
fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(address) = address.to_ipv4_mapped() {
        return is_public_v4(address);
    }
    let [a, b, ..] = address.segments();
    let is_special = matches!((a, b), (0x2001, 0..0x0200 | 0x0db8) | (0x2002, _));
    a & 0xe000 == 0x2000 && !is_special
}

impl fmt::Display for AllowedHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Pattern::One(host) => host.fmt(f)?,
            Pattern::Below(parent) => write!(f, "*{parent}")?,
            Pattern::Every => f.write_str("*")?,
        }
        match self.port {
            Some(port) => write!(f, ":{port}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(allowed: &[&str]) -> Hosts {
        Hosts(allowed.iter().map(|host| host.parse().unwrap()).collect())
    }

    fn check(allowed: &[&str], url: &str) -> Result<(), String> {
        let checked = hosts(allowed).check(&url.parse().unwrap());
        checked.map_err(|refused| refused.to_string())
    }

    #[test]
    fn a_host_is_read_as_it_is_written() {
        for host in [
            "a.example",
            "a.example:8443",
            "*.a.example",
            "*",
            "*:81",
            "[::1]:80",
            "10.0.0.1",
        ] {
            assert_eq!(host.parse::<AllowedHost>().unwrap().to_string(), host);
        }
        for host in [
            "",
            ":80",
            "a:b",
            "http://a",
            "a/b",
            "*.1.2.3.4",
            "a b",
            "a:99999",
        ] {
            assert!(host.parse::<AllowedHost>().is_err(), "{host}");
        }
    }

    #[test]
    fn only_allowed_hosts_are_read_from() {
        let named = ["Data.example.com", "[::1]:8080", "10.1.2.3"];
        for url in [
            "https://data.example.com/a",
            "http://data.example.com:80/a",
            "http://[::1]:8080/a",
            "http://10.1.2.3/a",
            "http://0x0a.1.2.3/a",
        ] {
            assert_eq!(check(&named, url), Ok(()), "{url}");
        }
        for url in [
            "https://example.com/a",
            "https://data.example.com.evil.com/a",
            "https://data.example.com:8443/a",
            "http://[::1]/a",
            "ftp://data.example.com/a",
            "http://10.1.2.4/a",
        ] {
            assert!(check(&named, url).is_err(), "{url}");
        }
        assert!(check(&[], "https://data.example.com/a").is_err());
        assert_eq!(check(&["*.example.com"], "https://a.example.com/"), Ok(()));
        assert!(check(&["*.example.com"], "https://example.com/").is_err());
        assert!(check(&["*.example.com"], "https://evilexample.com/").is_err());
    }

    #[test]
    fn a_pattern_allows_public_addresses_alone() {
        assert_eq!(check(&["*"], "https://1.1.1.1/"), Ok(()));
        assert_eq!(check(&["*"], "http://[2606:4700::1111]/"), Ok(()));
        for private in [
            "127.0.0.1",
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "2130706433",
            "[::1]",
            "[::]",
            "[fe80::1]",
            "[fd00::1]",
            "[::ffff:127.0.0.1]",
            "[64:ff9b::7f00:1]",
            "[2002:7f00:1::]",
            "[2001:db8::1]",
        ] {
            let refused = check(&["*"], &format!("http://{private}/")).unwrap_err();
            assert!(
                refused.contains("no public address"),
                "{private}: {refused}"
            );
        }
    }

    #[tokio::test]
    async fn a_name_that_is_not_allowed_by_itself_leads_to_no_private_address() {
        let resolve = async |allowed: &[&str]| {
            let name: Name = "localhost".parse().unwrap();
            hosts(allowed).resolve(name).await.map(Iterator::count)
        };
        assert!(resolve(&["*"]).await.is_err());
        assert!(resolve(&["localhost:8080"]).await.unwrap() > 0);
    }
}
