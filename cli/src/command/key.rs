use base64::{Engine, engine::general_purpose::STANDARD};
use clap::{Args, Subcommand};
use hitchpost::{KeyOrigin, Keyring};
use serde_json::json;
use zeroize::Zeroizing;

use hitchpost::who;

use crate::{
    arguments::GlobalArgs, error::CommandError, exit::Exit, open::OpenStore, output::Output,
};

#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  hitchpost key show
  hitchpost key rotate
  HITCHPOST_KEY=$(hitchpost key generate) hitchpost apply -f tools.yaml

The keys come from HITCHPOST_KEY (several are parted by commas, the current one
first), else from the file that HITCHPOST_KEY_FILE names, else from the OS
keyring if HITCHPOST_KEYRING is `os`, else from ~/.config/hitchpost/key. A key
that is not there yet is made at the first use.")]
pub(crate) enum KeyArgs {
    /// Show which keys are at hand, and which the store needs; never the keys themselves
    Show,
    /// Encrypt the store's data keys with a new key, while programs go on reading
    Rotate(RotateArgs),
    /// Print a new random key, for `HITCHPOST_KEY`
    Generate,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hitchpost key rotate
  hitchpost key rotate --forget-old

A new key is made and put before the others of the key file or the OS keyring.
Where the keys come from HITCHPOST_KEY, put the new one there first; then this
encrypts with it.")]
pub(crate) struct RotateArgs {
    /// Remove the other keys from the key file or the OS keyring. Only this store is asked whether
    /// it needs them: copies of it and other stores that do are lost
    #[arg(long)]
    forget_old: bool,
}

pub(crate) fn key(
    arguments: &KeyArgs,
    global: &GlobalArgs,
    output: &Output,
) -> Result<Exit, CommandError> {
    match arguments {
        KeyArgs::Show => show(global, output),
        KeyArgs::Rotate(arguments) => rotate(arguments, global, output),
        KeyArgs::Generate => generate(output),
    }
}

fn show(global: &GlobalArgs, output: &Output) -> Result<Exit, CommandError> {
    let open = OpenStore::open(global)?;
    let needed = open.wait(open.store.keys_in_use())?;
    let keyring = open.store.keyring();
    keyring.load()?;
    let present = keyring.key_ids();
    let origin = origin(keyring);
    let mut lines: Vec<(String, &str, bool)> = Vec::new();
    for (number, id) in present.iter().enumerate() {
        let role = if number == 0 {
            "encrypts"
        } else {
            "decrypts only"
        };
        lines.push((id.to_string(), role, needed.contains(id)));
    }
    for id in needed.iter().filter(|id| !present.contains(id)) {
        lines.push((id.to_string(), "MISSING", true));
    }
    let keys: Vec<_> = lines
        .iter()
        .map(|(id, role, needed)| json!({ "id": id, "role": role, "needed": needed }))
        .collect();
    output.show(&json!({ "origin": origin, "keys": keys }), |_| {
        let mut text = format!("keys of {origin}\n");
        for (id, role, needed) in &lines {
            let needed = if *needed {
                ", and the store needs it"
            } else {
                ""
            };
            text.push_str(&format!("  {id}  {role}{needed}\n"));
        }
        if lines.is_empty() {
            text.push_str("  none yet; one is made when the first secret is stored\n");
        }
        text
    })?;
    Ok(Exit::Ok)
}

fn origin(keyring: &Keyring) -> String {
    match keyring.origin() {
        KeyOrigin::File(path) => path.display().to_string(),
        KeyOrigin::Variable(name) => (*name).to_owned(),
        other => other.to_string(),
    }
}

fn rotate(
    arguments: &RotateArgs,
    global: &GlobalArgs,
    output: &Output,
) -> Result<Exit, CommandError> {
    let open = OpenStore::open(global)?;
    let keyring = open.store.keyring();
    let needed = open.wait(open.store.keys_in_use())?;
    keyring.load()?;
    let present = keyring.key_ids();
    for id in &needed {
        keyring.require(*id)?;
    }
    // The current key is new already when a rotation was broken off.
    let is_new = present
        .first()
        .is_some_and(|current| !needed.is_empty() && !needed.contains(current));
    if keyring.origin().is_writable() && !is_new {
        keyring.add_key()?;
    }
    let rotated = open.wait(open.store.rotate_keys(&who()))?;
    if arguments.forget_old {
        keyring.remove_old_keys()?;
    }
    output.done(&rotated, |_| {
        let noun = if rotated.data_keys == 1 {
            "data key is"
        } else {
            "data keys are"
        };
        format!(
            "revision {}: {} {noun} encrypted anew\n",
            rotated.revision, rotated.data_keys
        )
    })?;
    if keyring.origin().is_writable() && keyring.key_ids().len() > 1 {
        output.say(|_| {
            "the old key stays at hand: copies of the store may need it; `--forget-old` removes it\n".to_owned()
        });
    }
    Ok(Exit::Ok)
}

fn generate(output: &Output) -> Result<Exit, CommandError> {
    let mut bytes = Zeroizing::new([0_u8; 32]);
    getrandom::fill(&mut *bytes).map_err(|_| CommandError::NoRandomness)?;
    let text = Zeroizing::new(STANDARD.encode(*bytes) + "\n");
    output.print(&text)?;
    Ok(Exit::Ok)
}
