//! The `hitchpost` program.

fn main() {
    std::process::exit(hitchpost_cli::main_with(std::env::args_os()));
}
