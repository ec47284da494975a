//! Builds again when the console was built: its files are embedded by `src/console.rs`.

fn main() {
    // Kept in the repository while it is empty: a missing path would count as changed each time.
    println!("cargo::rerun-if-changed=../../console/dist");
    println!("cargo::rerun-if-changed=build.rs");
}
