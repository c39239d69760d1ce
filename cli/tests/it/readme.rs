//! The tour in the project's README shows what the program says.

use std::{ffi::OsString, path::Path, process::Command};

use crate::support::Home;

#[test]
fn the_tour_is_true() {
    let readme = include_str!("../../../README.md");
    let home = Home::new();
    let mut ran = 0;
    for block in readme.split("```console\n").skip(1) {
        let block = block.split("```").next().unwrap();
        for step in format!("\n{block}").split("\n$ ").skip(1) {
            let (command, shown) = parts(step);
            assert_eq!(said(&home, &command), shown.trim_end(), "{command}");
            ran += 1;
        }
    }
    assert!(ran >= 5, "the tour has {ran} commands");
}

/// A command with its continuation lines, and what is shown behind it.
fn parts(step: &str) -> (String, String) {
    let mut lines = step.lines().peekable();
    let mut command = lines.next().unwrap().to_owned();
    while let Some(line) = lines.next_if(|line| line.starts_with("> ")) {
        command = format!("{command}\n{}", &line[2..]);
    }
    (command, lines.collect::<Vec<_>>().join("\n"))
}

/// What a shell that finds the program says to a command, errors included.
fn said(home: &Home, command: &str) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_hitchpost"));
    let mut path = OsString::from(program.parent().unwrap());
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap());
    let ran = Command::new("sh")
        .args(["-c", &format!("exec 2>&1\n{command}")])
        .current_dir(home.path())
        .env_clear()
        .env("PATH", path)
        .env("HOME", home.path())
        .env("COLUMNS", "80")
        .output()
        .unwrap();
    String::from_utf8(ran.stdout).unwrap().trim_end().to_owned()
}
