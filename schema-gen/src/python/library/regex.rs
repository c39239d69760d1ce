//! Regular expressions: `re` with its syntax turned into that of the crate that runs them.

use std::rc::Rc;

use fancy_regex::Regex;

use super::super::interp::{Args, Interp};
use super::super::value::Value;
use super::text::{Pure, integer, string};

const IGNORE_CASE: i64 = 2;
const MULTI_LINE: i64 = 8;
const DOT_ALL: i64 = 16;
const VERBOSE: i64 = 64;

/// The expression, compiled once; `None` where its syntax has no counterpart here.
fn compiled(interp: &mut Interp<'_>, pattern: &Rc<str>, flags: i64) -> Option<Rc<Regex>> {
    let key = (Rc::clone(pattern), flags);
    if let Some(known) = interp.regexes.get(&key) {
        return known.clone();
    }
    let regex = compile(pattern, flags).map(Rc::new);
    interp.regexes.insert(key, regex.clone());
    regex
}

fn compile(pattern: &str, flags: i64) -> Option<Regex> {
    let mut set = String::new();
    for (flag, letter) in [
        (IGNORE_CASE, 'i'),
        (MULTI_LINE, 'm'),
        (DOT_ALL, 's'),
        (VERBOSE, 'x'),
    ] {
        if flags & flag != 0 {
            set.push(letter);
        }
    }
    // `\Z` is the very end in Python; there it may be before a last newline.
    let mut text = String::with_capacity(pattern.len());
    let mut letters = pattern.chars();
    while let Some(letter) = letters.next() {
        text.push(letter);
        if letter == '\\'
            && let Some(next) = letters.next()
        {
            text.push(if next == 'Z' { 'z' } else { next });
        }
    }
    if text.len() > 20_000 {
        return None;
    }
    let text = if set.is_empty() {
        text
    } else {
        format!("(?{set}){text}")
    };
    fancy_regex::RegexBuilder::new(&text)
        .backtrack_limit(100_000)
        .build()
        .ok()
}

/// `_hitchpost.regex_find(pattern, flags, text, start)`: the spans of the groups of the first match
/// from an index on, in characters, `None` for a group that takes no part; `None` where nothing
/// matches.
pub(super) fn find(interp: &mut Interp<'_>, mut args: Args) -> Pure {
    let (Some(pattern), Some(flags)) = (
        string(&args.take(0, "pattern")),
        integer(&args.take(1, "flags")),
    ) else {
        return Ok(None);
    };
    let (Some(text), Some(start)) = (
        string(&args.take(2, "text")),
        integer(&args.take(3, "start")),
    ) else {
        return Ok(None);
    };
    let Some(regex) = compiled(interp, &pattern, flags) else {
        return Ok(None);
    };
    let Some(from) = usize::try_from(start).ok().and_then(|start| {
        text.char_indices()
            .map(|(at, _)| at)
            .chain([text.len()])
            .nth(start)
    }) else {
        return Ok(Some(Value::None));
    };
    let Ok(found) = regex.captures_from_pos(&*text, from) else {
        return Ok(None);
    };
    let Some(found) = found else {
        return Ok(Some(Value::None));
    };
    let index = |at: usize| Value::Int(text.get(..at).map_or(0, |it| it.chars().count()) as i64);
    let spans: Vec<Value> = (0..found.len())
        .map(|group| match found.get(group) {
            Some(span) => Value::Tuple(Rc::from([index(span.start()), index(span.end())])),
            None => Value::None,
        })
        .collect();
    Ok(Some(Value::list(spans)))
}

/// `_hitchpost.regex_groups(pattern, flags)`: the names of the groups and their numbers.
pub(super) fn groups(interp: &mut Interp<'_>, mut args: Args) -> Pure {
    let (Some(pattern), Some(flags)) = (
        string(&args.take(0, "pattern")),
        integer(&args.take(1, "flags")),
    ) else {
        return Ok(None);
    };
    let Some(regex) = compiled(interp, &pattern, flags) else {
        return Ok(None);
    };
    let names = regex.capture_names().enumerate();
    Ok(Some(super::builtins::dict_of(names.filter_map(
        |(index, name)| Some((Rc::from(name?), Value::Int(index as i64))),
    ))))
}

/// `re.escape`.
pub(super) fn escape(_: &mut Interp<'_>, mut args: Args) -> Pure {
    const SPECIAL: &str = "()[]{}?*+-|^$\\.&~# \t\n\r\u{b}\u{c}";
    Ok(string(&args.take(0, "pattern")).map(|text| {
        let mut out = String::new();
        for letter in text.chars() {
            if SPECIAL.contains(letter) {
                out.push('\\');
            }
            out.push(letter);
        }
        Value::str(&out)
    }))
}
