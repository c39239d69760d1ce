//! Texts as Python changes them.

/// `str.title()`.
pub(super) fn title_case(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut inside = false;
    for character in text.chars() {
        if inside {
            result.extend(character.to_lowercase());
        } else {
            result.extend(character.to_uppercase());
        }
        inside = character.is_alphabetic();
    }
    result
}

/// `inspect.cleandoc`.
pub(super) fn clean_docstring(text: &str) -> String {
    let expanded = expand_tabs(text);
    let mut lines: Vec<&str> = expanded.split('\n').collect();
    let indent = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let margin = lines
        .iter()
        .skip(1)
        .filter(|line| !line.trim_start().is_empty())
        .map(|line| line.len() - line.trim_start().len())
        .min();
    let first = lines.first().map(|line| line.trim_start());
    let mut cleaned: Vec<&str> = Vec::new();
    cleaned.extend(first);
    for line in lines.drain(..).skip(1) {
        cleaned.push(match margin {
            Some(margin) => line.get(margin.min(line.len())..).unwrap_or(""),
            None => line.get(indent(line).min(line.len())..).unwrap_or(line),
        });
    }
    while cleaned.last().is_some_and(|line| line.is_empty()) {
        cleaned.pop();
    }
    let start = cleaned
        .iter()
        .position(|line| !line.is_empty())
        .unwrap_or(cleaned.len());
    cleaned.get(start..).unwrap_or(&[]).join("\n")
}

fn expand_tabs(text: &str) -> String {
    if !text.contains('\t') {
        return text.to_owned();
    }
    let mut result = String::with_capacity(text.len());
    let mut column = 0;
    for character in text.chars() {
        match character {
            '\t' => {
                let width = 8 - column % 8;
                result.extend(std::iter::repeat_n(' ', width));
                column += width;
            }
            '\n' | '\r' => {
                result.push(character);
                column = 0;
            }
            _ => {
                result.push(character);
                column += 1;
            }
        }
    }
    result
}
