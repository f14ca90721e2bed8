//! Has the web UI's build embedded anew whenever it changes: cargo cannot see that it does.
//!
//! Owns what is watched. Must not know how the UI is built.

use std::path::Path;

fn main() {
    let (web, build) = (Path::new("../../web"), Path::new("../../web/dist"));
    // Watched from its first file on, it must be there; of a crate without the UI beside it, nothing is.
    if web.exists() && (build.exists() || std::fs::create_dir(build).is_ok()) {
        println!("cargo::rerun-if-changed={}", build.display());
    } else {
        println!("cargo::rerun-if-changed=build.rs");
    }
}
