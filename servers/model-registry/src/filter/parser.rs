use super::{
    FilterError,
    lexer::{Token, tokens},
    tree::{Filter, Operator, Property, PropertyKind, Value},
};

/// The greatest length of a filter, in bytes.
pub const MAX_LENGTH: usize = 64 << 10;

/// How deep parentheses may be nested.
pub const MAX_DEPTH: usize = 50;

/// How many comparisons a filter may have.
pub const MAX_COMPARISONS: usize = 300;

/// How many values the lists of a filter may have together.
pub const MAX_VALUES: usize = 10_000;

impl Filter {
    /// Reads a filter; `None` when the text is empty.
    ///
    /// ```
    /// use hitchpost_model_registry::filter::Filter;
    /// let filter = Filter::parse("(name = 'a' OR `mlflow.user` LIKE 'ada%') AND loss < 0.5")?;
    /// let printed = filter.map(|filter| filter.to_string()).unwrap_or_default();
    /// assert_eq!(
    ///     printed,
    ///     r#"(`name` = "a" OR `mlflow.user` LIKE "ada%") AND `loss` < 5e-1"#
    /// );
    /// # Ok::<(), hitchpost_model_registry::filter::FilterError>(())
    /// ```
    ///
    /// # Errors
    /// [`FilterError::Syntax`] when it does not follow the grammar, [`FilterError::TooLarge`] when
    /// it is beyond the bounds.
    pub fn parse(text: &str) -> Result<Option<Self>, FilterError> {
        if text.len() > MAX_LENGTH {
            return Err(FilterError::TooLarge {
                bound: "64 KiB of text",
            });
        }
        let mut parser = Parser {
            tokens: tokens(text)?,
            next: 0,
            end: text.chars().count() + 1,
            depth: 0,
            comparisons: 0,
            values: 0,
        };
        if parser.tokens.is_empty() {
            return Ok(None);
        }
        let filter = parser.either()?;
        match parser.peek() {
            None => Ok(Some(filter)),
            Some(_) => Err(parser.wrong("AND, OR or the end")),
        }
    }
}

struct Parser {
    tokens: Vec<(usize, Token)>,
    next: usize,
    end: usize,
    depth: usize,
    comparisons: usize,
    values: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next).map(|(_, token)| token)
    }

    fn wrong(&self, expected: &str) -> FilterError {
        let (at, found) = match self.tokens.get(self.next) {
            Some((at, token)) => (*at, shown(token)),
            None => (self.end, "the end".to_owned()),
        };
        FilterError::Syntax {
            message: format!("unexpected {found}, expected {expected}"),
            at,
        }
    }

    /// Takes the next token if it is a word, whatever the case of its letters.
    fn word(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Word(it)) if it.eq_ignore_ascii_case(word));
        self.next += usize::from(found);
        found
    }

    fn sign(&mut self, sign: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Sign(it)) if *it == sign);
        self.next += usize::from(found);
        found
    }

    fn either(&mut self) -> Result<Filter, FilterError> {
        let mut parts = vec![self.both()?];
        while self.word("OR") {
            parts.push(self.both()?);
        }
        Ok(joined(parts, Filter::Or))
    }

    fn both(&mut self) -> Result<Filter, FilterError> {
        let mut parts = vec![self.term()?];
        while self.word("AND") {
            parts.push(self.term()?);
        }
        Ok(joined(parts, Filter::And))
    }

    fn term(&mut self) -> Result<Filter, FilterError> {
        if !self.sign("(") {
            return self.comparison();
        }
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(FilterError::TooLarge {
                bound: "50 nested parentheses",
            });
        }
        let filter = self.either()?;
        self.depth -= 1;
        if self.sign(")") {
            Ok(filter)
        } else {
            Err(self.wrong("AND, OR or `)`"))
        }
    }

    fn comparison(&mut self) -> Result<Filter, FilterError> {
        self.comparisons += 1;
        if self.comparisons > MAX_COMPARISONS {
            return Err(FilterError::TooLarge {
                bound: "300 comparisons",
            });
        }
        let property = self.property()?;
        let operator = self.operator()?;
        let value = self.value(operator == Operator::In)?;
        Ok(Filter::Comparison {
            property,
            operator,
            value,
        })
    }

    /// A name between backticks, or words with points between them. The last of several words
    /// after points may say the kind.
    fn property(&mut self) -> Result<Property, FilterError> {
        let mut name = match self.peek() {
            Some(Token::Name(name)) | Some(Token::Word(name)) if !name.is_empty() => name.clone(),
            _ => return Err(self.wrong("the name of a property")),
        };
        let bare = matches!(self.peek(), Some(Token::Word(_)));
        self.next += 1;
        while self.sign(".") {
            let Some(Token::Word(word)) = self.peek() else {
                return Err(self.wrong("a part of a name"));
            };
            let word = word.clone();
            self.next += 1;
            let kind = PropertyKind::ALL.into_iter().find(|it| it.word() == word);
            let last = !matches!(self.peek(), Some(Token::Sign(".")));
            match kind.filter(|_| last) {
                Some(kind) => {
                    let kind = Some(kind);
                    return Ok(Property { name, kind });
                }
                None if bare => {
                    name.push('.');
                    name.push_str(&word);
                }
                None => {
                    self.next -= 1;
                    return Err(self.wrong("the kind of a value, such as `string_value`"));
                }
            }
        }
        Ok(Property { name, kind: None })
    }

    fn operator(&mut self) -> Result<Operator, FilterError> {
        let operator = match self.peek() {
            Some(Token::Sign(sign)) => match *sign {
                "=" => Some(Operator::Equal),
                "!=" | "<>" => Some(Operator::NotEqual),
                "<" => Some(Operator::Less),
                "<=" => Some(Operator::LessOrEqual),
                ">" => Some(Operator::Greater),
                ">=" => Some(Operator::GreaterOrEqual),
                _ => None,
            },
            Some(Token::Word(word)) => [Operator::Like, Operator::ILike, Operator::In]
                .into_iter()
                .find(|operator| word.eq_ignore_ascii_case(operator.as_str())),
            _ => None,
        };
        let operator = operator.ok_or_else(|| self.wrong("an operator"))?;
        self.next += 1;
        Ok(operator)
    }

    fn value(&mut self, list: bool) -> Result<Value, FilterError> {
        if list && self.sign("(") {
            let mut values = Vec::new();
            if self.sign(")") {
                return Ok(Value::List(values));
            }
            loop {
                values.push(self.value(false)?);
                self.values += 1;
                if self.values > MAX_VALUES {
                    return Err(FilterError::TooLarge {
                        bound: "10,000 values",
                    });
                }
                if self.sign(")") {
                    return Ok(Value::List(values));
                }
                if !self.sign(",") {
                    return Err(self.wrong("`,` or `)`"));
                }
            }
        }
        let value = match self.peek() {
            Some(Token::Text(text)) => Value::Text(text.clone()),
            Some(Token::Integer(integer)) => Value::Integer(*integer),
            Some(Token::Number(number)) => Value::Number(*number),
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("true") => Value::Bool(true),
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("false") => Value::Bool(false),
            _ => return Err(self.wrong("a value")),
        };
        self.next += 1;
        Ok(if list {
            Value::List(vec![value])
        } else {
            value
        })
    }
}

fn joined(mut parts: Vec<Filter>, join: fn(Vec<Filter>) -> Filter) -> Filter {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        Some(last) => {
            parts.push(last);
            join(parts)
        }
        None => join(parts),
    }
}

fn shown(token: &Token) -> String {
    let text = match token {
        Token::Word(text) | Token::Name(text) | Token::Text(text) => text.clone(),
        Token::Integer(integer) => integer.to_string(),
        Token::Number(number) => number.to_string(),
        Token::Sign(sign) => (*sign).to_owned(),
    };
    let text: String = text.chars().take(40).collect();
    format!("`{text}`")
}
