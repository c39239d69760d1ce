//! `pydantic.alias_generators`.

/// `to_pascal`: `snake_case` as `SnakeCase`.
pub(super) fn to_pascal(snake: &str) -> String {
    let titled: Vec<char> = crate::python::library::title_case(snake).chars().collect();
    let mut text = String::new();
    let mut index = 0;
    while let Some(&character) = titled.get(index) {
        text.push(character);
        let next_starts_word = titled
            .get(index + 2)
            .is_some_and(|next| next.is_ascii_digit() || next.is_ascii_uppercase());
        if character.is_ascii_alphanumeric()
            && titled.get(index + 1) == Some(&'_')
            && next_starts_word
        {
            index += 1;
        }
        index += 1;
    }
    text
}

/// `to_camel`: `snake_case` as `snakeCase`.
pub(super) fn to_camel(snake: &str) -> String {
    let characters: Vec<char> = snake.chars().collect();
    let is_camel = characters.first().is_some_and(char::is_ascii_lowercase)
        && characters.iter().all(char::is_ascii_alphanumeric)
        && !characters
            .windows(2)
            .any(|pair| matches!(pair, [digit, letter] if digit.is_ascii_digit() && letter.is_ascii_lowercase()));
    if is_camel {
        return snake.to_owned();
    }
    let pascal = to_pascal(snake);
    let underscores = pascal
        .chars()
        .take_while(|character| *character == '_')
        .count();
    let mut text = String::new();
    for (index, character) in pascal.chars().enumerate() {
        if index == underscores && character.is_ascii_uppercase() {
            text.push(character.to_ascii_lowercase());
        } else {
            text.push(character);
        }
    }
    text
}

/// `to_snake`: `camelCase`, `PascalCase` and `kebab-case` as `snake_case`.
pub(super) fn to_snake(camel: &str) -> String {
    // In the order of the rules: an acronym before a word, then a change of kind.
    let mut characters: Vec<char> = camel.chars().collect();
    let mut index = 0;
    while index + 2 < characters.len() {
        if let (Some(first), Some(second), Some(third)) = (
            characters.get(index),
            characters.get(index + 1),
            characters.get(index + 2),
        ) && first.is_ascii_uppercase()
            && second.is_ascii_uppercase()
            && third.is_ascii_lowercase()
        {
            characters.insert(index + 1, '_');
            index += 2;
        }
        index += 1;
    }
    for rule in [
        |left: char, right: char| left.is_ascii_lowercase() && right.is_ascii_uppercase(),
        |left: char, right: char| left.is_ascii_digit() && right.is_ascii_uppercase(),
        |left: char, right: char| left.is_ascii_lowercase() && right.is_ascii_digit(),
    ] {
        let mut next: Vec<char> = Vec::new();
        for character in characters {
            if next.last().is_some_and(|last| rule(*last, character)) {
                next.push('_');
            }
            next.push(character);
        }
        characters = next;
    }
    characters
        .into_iter()
        .map(|character| if character == '-' { '_' } else { character })
        .flat_map(char::to_lowercase)
        .collect()
}
