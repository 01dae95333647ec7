//! The dashboard at `/`: static files that are part of the program. What they show they ask of the public API.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use crate::entity_tag::EntityTag;
use crate::error::ApiError;

/// The path of what the page is made of. The segment after it is the version, so that browsers may keep what they have.
const FILES_PATH: &str = "/dashboard/";

/// What stands for the version in the page.
const PLACE_OF_VERSION: &str = "VERSION";

/// Scripts, styles and data of this service alone, and nothing inline.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

macro_rules! files {
    ($($path:literal)*) => {
        &[$(($path, include_str!(concat!("../dashboard/", $path)))),*]
    };
}

/// The files by their paths, beside the page itself.
const FILES: &[(&str, &str)] = files![
    "api.js"
    "charts/histogram.js"
    "charts/intervals.js"
    "charts/progress.js"
    "charts/scale.js"
    "examples.js"
    "format.js"
    "icon.svg"
    "key.js"
    "load.js"
    "main.js"
    "parts/dialog.js"
    "parts/notes.js"
    "parts/pager.js"
    "parts/status.js"
    "parts/verbatim.js"
    "places.js"
    "router.js"
    "shortcuts.js"
    "style/charts.css"
    "style/page.css"
    "style/parts.css"
    "style/tokens.css"
    "style/views.css"
    "theme.js"
    "vendor/LICENSES.txt"
    "vendor/htm-preact.js"
    "views/choice.js"
    "views/compare.js"
    "views/controls.js"
    "views/counts.js"
    "views/create.js"
    "views/datasets.js"
    "views/differences.js"
    "views/experiment.js"
    "views/experiments.js"
    "views/filters.js"
    "views/item.js"
    "views/items.js"
    "views/limits.js"
    "views/one-item.js"
    "views/progress.js"
    "views/schedules.js"
    "views/scores.js"
    "views/setup.js"
    "views/tags.js"
    "words.js"
];

const PAGE: &str = include_str!("../dashboard/index.html");

/// Another one with every change of a file.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut hash = Sha256::new_with_prefix(PAGE);
    for (path, content) in FILES {
        hash.update(path);
        hash.update(content);
    }
    hex::encode(&hash.finalize()[..8])
});

/// The page with the addresses of its files.
static ADDRESSED: LazyLock<String> = LazyLock::new(|| PAGE.replace(PLACE_OF_VERSION, &VERSION));

/// Whether a path is one of the dashboard's. Its files are open to everybody: they hold no data.
pub(crate) fn is_at(path: &str) -> bool {
    path == "/" || path.starts_with(FILES_PATH)
}

/// The page.
pub(crate) async fn page(headers: HeaderMap) -> Response {
    let tag = EntityTag::of_content(ADDRESSED.as_str());
    let told = [
        (header::CONTENT_TYPE, content_type("index.html")),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        // To be kept, and asked for each time.
        (header::CACHE_CONTROL, "no-cache"),
    ];
    let tagged = [(header::ETAG, tag.header())];
    match tag.is_known(&headers) {
        true => (StatusCode::NOT_MODIFIED, told, tagged).into_response(),
        false => (told, tagged, ADDRESSED.as_str()).into_response(),
    }
}

/// A file of the page. One of another version is answered with what there is, since another replica may have given the page.
pub(crate) async fn file(
    Path((version, path)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let (path, content) = FILES
        .iter()
        .find(|(known, _)| *known == path)
        .ok_or(ApiError::NoRoute)?;
    let kept = match version == *VERSION {
        true => "public, max-age=31536000, immutable",
        false => "no-cache",
    };
    let told = [
        (header::CONTENT_TYPE, content_type(path)),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, kept),
    ];
    Ok((told, *content).into_response())
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "text/javascript; charset=utf-8",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;

    /// The paths of all files in a folder, from its root.
    fn files(root: &Path, folder: &Path, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => files(root, &path, found),
                false => {
                    let path = path.strip_prefix(root).unwrap();
                    found.insert(path.to_str().unwrap().to_owned());
                }
            }
        }
    }

    #[test]
    fn every_file_of_the_folder_is_served() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("dashboard");
        let mut found = BTreeSet::new();
        files(&root, &root, &mut found);
        let served = FILES.iter().map(|(path, _)| (*path).to_owned());
        let served: BTreeSet<String> = served.chain(["index.html".to_owned()]).collect();
        assert_eq!(served, found);
    }

    #[test]
    fn nothing_is_inline_and_no_markup_is_made_of_text() {
        for forbidden in ["<style", "style=", "onclick", "<script>"] {
            assert!(!PAGE.contains(forbidden), "{forbidden}");
        }
        let own = FILES
            .iter()
            .filter(|(path, _)| !path.starts_with("vendor/"));
        for (path, content) in own {
            for forbidden in [
                "innerHTML",
                "outerHTML",
                "insertAdjacentHTML",
                "document.write",
            ] {
                assert!(!content.contains(forbidden), "{forbidden} in {path}");
            }
        }
    }

    #[test]
    fn only_what_is_the_dashboards_is_at_its_paths() {
        for (path, expected) in [
            ("/", true),
            ("/dashboard/v/main.js", true),
            ("//", false),
            ("/dashboard", false),
            ("/dashboards/x", false),
            ("/v1/experiments", false),
        ] {
            assert_eq!(is_at(path), expected, "{path}");
        }
    }
}
