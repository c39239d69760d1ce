//! Makes a fingerprint of the sources.

use std::{fs, io, path::Path};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=src");
    println!("cargo::rerun-if-changed=Cargo.toml");
    let mut hash = 0xcbf2_9ce4_8422_2325;
    add(Path::new("src"), &mut hash)?;
    add(Path::new("Cargo.toml"), &mut hash)?;
    println!("cargo::rustc-env=HITCHPOST_SCHEMA_GEN_FINGERPRINT={hash:016x}");
    Ok(())
}

/// Adds the paths and contents below a path, in order, by FNV-1a.
fn add(path: &Path, hash: &mut u64) -> io::Result<()> {
    if path.is_dir() {
        let mut entries = fs::read_dir(path)?
            .map(|entry| Ok(entry?.path()))
            .collect::<io::Result<Vec<_>>>()?;
        entries.sort_unstable();
        return entries.iter().try_for_each(|entry| add(entry, hash));
    }
    for byte in path.to_string_lossy().bytes().chain(fs::read(path)?) {
        *hash = (*hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    Ok(())
}
