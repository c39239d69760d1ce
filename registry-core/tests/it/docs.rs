//! `DIAGNOSTICS.md` is the table of all codes.

use std::{env, fmt::Write, fs};

use hitchpost_registry_core::Code;

#[test]
fn the_table_of_codes_is_complete() {
    let mut table = "\
# Diagnostics

Every finding about a text that Hitchpost reads has one of these codes. They are stable: a code keeps its meaning, and a new rule gets a new code. An error refuses the record; a warning or a note does not.

| code | severity | meaning |
|---|---|---|
"
    .to_owned();
    for code in Code::ALL {
        writeln!(
            table,
            "| `{code}` | {} | {} |",
            code.severity(),
            code.description().trim()
        )
        .unwrap();
    }
    table += "\nThe table is made from the source: `UPDATE_EXPECT=1 cargo test -p hitchpost-registry-core` writes it anew.\n";
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/DIAGNOSTICS.md");
    if env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(file, &table).unwrap();
    }
    assert_eq!(
        fs::read_to_string(file).unwrap(),
        table,
        "run with UPDATE_EXPECT=1 to write it anew"
    );
}
