use std::{borrow::Cow, collections::HashMap, sync::Arc};

use saphyr_parser::{Event, Parser, ScalarStyle, Tag};
use serde::de::IgnoredAny;

use super::{
    excerpt,
    node::{Document, Key, Node, NodeValue, ScalarKind},
};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Excerpt, Location, MAX_FINDINGS, Span};

/// The largest source that is read, in bytes.
pub const MAX_SOURCE_BYTES: usize = 16 << 20;
/// How deep lists and mappings may nest.
pub const MAX_DEPTH: usize = 64;
/// How many values a source may hold, counting what its anchors keep and its aliases repeat.
/// Commas and opening brackets count as well, wherever they stand.
pub const MAX_NODES: usize = 2_000_000;

impl Document {
    /// Parses YAML or JSON (which is read as YAML) into trees with places.
    ///
    /// Bounds: [`MAX_SOURCE_BYTES`], [`MAX_DEPTH`], [`MAX_NODES`]. Anchors, aliases and merge
    /// keys (`<<`) are followed. Scalars are typed by the YAML 1.2 core schema. A key that is
    /// given twice keeps its first value and is reported by whoever decodes the document.
    ///
    /// # Errors
    /// The findings, when no tree could be made: bounds, encoding, syntax.
    pub fn parse(source: &str, bytes: &[u8]) -> Result<Self, Diagnostics> {
        let source: Arc<str> = source.into();
        let bare = |code, message: String, help: &str| {
            vec![Diagnostic {
                code,
                severity: Code::severity(code),
                message,
                path: String::new(),
                source: Arc::clone(&source),
                span: None,
                help: Some(help.to_owned()),
                excerpt: None,
            }]
        };
        if bytes.len() > MAX_SOURCE_BYTES {
            return Err(bare(
                Code::SourceTooLarge,
                format!(
                    "the source has {} bytes, more than {MAX_SOURCE_BYTES}",
                    bytes.len()
                ),
                "split it into several files",
            ));
        }
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text.strip_prefix('\u{feff}').unwrap_or(text),
            Err(error) => {
                let valid =
                    String::from_utf8_lossy(bytes.get(..error.valid_up_to()).unwrap_or_default());
                let line = valid.lines().count().max(1);
                return Err(bare(
                    Code::NotUtf8,
                    format!("byte {} (line {line}) is not UTF-8", error.valid_up_to()),
                    "save the file as UTF-8",
                ));
            }
        };
        if is_crowded(text) {
            return Err(bare(
                Code::TooManyNodes,
                format!("more than {MAX_NODES} values, by the count of commas and other marks"),
                "split the source into several files",
            ));
        }
        let text = surrogates(text);
        let mut builder = Builder {
            document: Self {
                source,
                lines: lines(&text),
                roots: Vec::new(),
                findings: Vec::new(),
                unlisted: 0,
            },
            anchors: HashMap::new(),
            nodes: 0,
            roots_of_findings: Vec::new(),
        };
        let read = builder.read(&text);
        let Builder {
            mut document,
            roots_of_findings,
            ..
        } = builder;
        if document.roots.len() > 1 {
            for (finding, root) in document.findings.iter_mut().zip(roots_of_findings) {
                finding.path.insert_str(0, &format!("/{root}"));
            }
        }
        document
            .findings
            .sort_by_key(|finding| finding.span.map(|span| span.start));
        match read {
            Ok(()) => Ok(document),
            Err(()) => Err(document.findings),
        }
    }
}

/// Whether the text could have more values than are allowed. The parser keeps all tokens of a
/// collection in brackets before it gives the first, so they are bounded beforehand.
fn is_crowded(text: &str) -> bool {
    let (mut separators, mut quotes, mut marks) = (0, 0, 0);
    for byte in text.bytes() {
        match byte {
            b',' | b'[' | b'{' => separators += 1,
            b'"' | b'\'' => quotes += 1,
            b':' | b'?' | b'!' | b'*' | b'&' => marks += 1,
            _ => {}
        }
    }
    separators > MAX_NODES || marks + quotes / 2 > 2 * MAX_NODES
}

/// The lines by the rule of YAML, which takes a single carriage return as a break, too.
fn lines(text: &str) -> Vec<String> {
    text.split('\n')
        .flat_map(|line| line.strip_suffix('\r').unwrap_or(line).split('\r'))
        .map(str::to_owned)
        .collect()
}

/// Puts characters in the place of JSON's surrogate pairs (RFC 8259, §7), which YAML has not.
fn surrogates(text: &str) -> Cow<'_, str> {
    let is_json = || {
        text.trim_start().starts_with(['{', '['])
            && serde_json::from_str::<IgnoredAny>(text).is_ok()
    };
    if !(text.contains("\\ud") || text.contains("\\uD")) || !is_json() {
        return text.into();
    }
    let unit = |at: usize| {
        let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(digits, 16).ok()
    };
    let mut result = String::with_capacity(text.len());
    let (mut copied, mut at) = (0, 0);
    while let Some(found) = text.get(at..).and_then(|rest| rest.find('\\')) {
        at += found;
        let pair = [unit(at), unit(at + 6)].into_iter().flatten();
        let mut decoded = char::decode_utf16(pair).filter_map(Result::ok);
        match decoded.next() {
            Some(character) if character > '\u{ffff}' => {
                result.push_str(text.get(copied..at).unwrap_or_default());
                result.push(character);
                at += 12;
                copied = at;
            }
            _ => at += 2,
        }
    }
    result.push_str(text.get(copied..).unwrap_or_default());
    result.into()
}

/// A list or mapping that is still open.
struct Open {
    start: Location,
    anchor: usize,
    content: Content,
}

enum Content {
    Sequence(Vec<Node>),
    Mapping {
        entries: Vec<(Key, Node)>,
        key: Option<Key>,
    },
}

struct Builder {
    document: Document,
    anchors: HashMap<usize, (Node, Extent)>,
    nodes: usize,
    /// The index of the root in which each finding stands.
    roots_of_findings: Vec<usize>,
}

impl Builder {
    fn fail(&mut self, code: Code, span: Span, message: String, help: &str) {
        let excerpt = excerpt::structural(&self.document.lines, span);
        self.fail_at(code, span, String::new(), message, help, excerpt);
    }

    fn fail_at(
        &mut self,
        code: Code,
        span: Span,
        path: String,
        message: String,
        help: &str,
        excerpt: Option<Excerpt>,
    ) {
        if self.document.findings.len() >= MAX_FINDINGS {
            self.document.unlisted += 1;
            return;
        }
        self.roots_of_findings.push(self.document.roots.len());
        self.document.findings.push(Diagnostic {
            code,
            severity: code.severity(),
            message,
            path,
            source: Arc::clone(&self.document.source),
            span: Some(span),
            help: (!help.is_empty()).then(|| help.to_owned()),
            excerpt,
        });
    }

    /// Reads all documents. INVARIANT: iterative, so that depth costs no stack.
    fn read(&mut self, text: &str) -> Result<(), ()> {
        let mut stack: Vec<Open> = Vec::new();
        for event in Parser::new_from_str(text) {
            let (event, span) = match event {
                Ok((event, span)) => (event, convert(span)),
                Err(error) => {
                    let at = location(error.marker());
                    if error.info() == "recursion limit exceeded" {
                        return self.deep(usize::MAX, Span { start: at, end: at });
                    }
                    let message = format!("not well-formed: {}", error.info());
                    self.fail(
                        Code::Syntax,
                        Span { start: at, end: at },
                        message,
                        syntax_help(error.info()),
                    );
                    return Err(());
                }
            };
            let finished = match event {
                Event::Scalar(text, style, anchor, tag) => {
                    let kind = scalar_kind(&text, style, tag.as_deref());
                    let node = Node {
                        span,
                        value: NodeValue::Scalar {
                            text: text.as_ref().into(),
                            kind,
                        },
                    };
                    self.count(1, span)?;
                    self.remember(anchor, &node)?;
                    node
                }
                Event::Alias(anchor) => {
                    let Some((node, extent)) = self.anchors.get(&anchor).cloned() else {
                        self.fail(
                            Code::Syntax,
                            span,
                            "an alias stands inside the value that it names".to_owned(),
                            "write the value out",
                        );
                        return Err(());
                    };
                    self.deep(stack.len() + extent.depth, span)?;
                    self.count(extent.size, span)?;
                    node
                }
                Event::SequenceStart(anchor, _) | Event::MappingStart(anchor, _) => {
                    self.deep(stack.len() + 1, span)?;
                    self.count(1, span)?;
                    let content = if matches!(event, Event::SequenceStart(..)) {
                        Content::Sequence(Vec::new())
                    } else {
                        Content::Mapping {
                            entries: Vec::new(),
                            key: None,
                        }
                    };
                    stack.push(Open {
                        start: span.start,
                        anchor,
                        content,
                    });
                    continue;
                }
                Event::SequenceEnd | Event::MappingEnd => {
                    let Some(open) = stack.pop() else { continue };
                    self.close(open, span, &stack)?
                }
                _ => continue,
            };
            match stack.last_mut().map(|open| &mut open.content) {
                None if finished.is_null() => {}
                None => self.document.roots.push(finished),
                Some(Content::Sequence(items)) => items.push(finished),
                Some(Content::Mapping { entries, key }) => match key.take() {
                    Some(key) => entries.push((key, finished)),
                    None => match finished.value {
                        NodeValue::Scalar { text, .. } => {
                            *key = Some(Key {
                                span: finished.span,
                                text,
                            })
                        }
                        _ => {
                            self.fail(
                                Code::Syntax,
                                finished.span,
                                "a list or mapping stands as a key".to_owned(),
                                "keys are texts",
                            );
                            return Err(());
                        }
                    },
                },
            }
        }
        Ok(())
    }

    fn close(&mut self, open: Open, end: Span, around: &[Open]) -> Result<Node, ()> {
        let span = Span {
            start: open.start,
            end: end.end,
        };
        let value = match open.content {
            Content::Sequence(items) => NodeValue::Sequence(items),
            Content::Mapping { entries, .. } => NodeValue::Mapping(self.unique(entries, around)),
        };
        let node = Node { span, value };
        self.remember(open.anchor, &node)?;
        Ok(node)
    }

    /// Applies merge keys and reports keys given twice.
    fn unique(&mut self, entries: Vec<(Key, Node)>, around: &[Open]) -> Vec<(Key, Node)> {
        let mut seen: HashMap<Arc<str>, u32> = HashMap::with_capacity(entries.len());
        let mut result: Vec<(Key, Node)> = Vec::with_capacity(entries.len());
        let mut merged = Vec::new();
        for (key, node) in entries {
            if &*key.text == "<<" {
                let parts = match node.value {
                    NodeValue::Sequence(items) => items,
                    _ => vec![node],
                };
                for part in parts {
                    if let NodeValue::Mapping(inner) = part.value {
                        merged.extend(inner);
                    } else {
                        let message =
                            format!("`<<` takes in mappings, and this is {}", part.kind_name());
                        let excerpt = excerpt::key("<<", key.span);
                        let help = "name a mapping by its alias";
                        self.fail_at(
                            Code::WrongType,
                            key.span,
                            path(around),
                            message,
                            help,
                            excerpt,
                        );
                    }
                }
                continue;
            }
            if let Some(line) = seen.get(&key.text) {
                let help = format!("the first stands in line {line}");
                let (message, excerpt) = if excerpt::is_word(&key.text) && !node.is_null() {
                    (
                        format!("`{}` is given twice", key.text),
                        excerpt::key(&key.text, key.span),
                    )
                } else {
                    ("a key is given twice".to_owned(), None)
                };
                self.fail_at(
                    Code::DuplicateKey,
                    key.span,
                    path(around),
                    message,
                    &help,
                    excerpt,
                );
                continue;
            }
            seen.insert(Arc::clone(&key.text), key.span.start.line);
            result.push((key, node));
        }
        for (key, node) in merged {
            if !seen.contains_key(&key.text) {
                seen.insert(Arc::clone(&key.text), key.span.start.line);
                result.push((key, node));
            }
        }
        result
    }

    /// Keeps a copy for aliases; it counts as values, so that nested anchors cannot grow without
    /// bound.
    fn remember(&mut self, anchor: usize, node: &Node) -> Result<(), ()> {
        if anchor > 0 {
            let extent = extent(node);
            self.count(extent.size, node.span)?;
            self.anchors.insert(anchor, (node.clone(), extent));
        }
        Ok(())
    }

    fn deep(&mut self, depth: usize, span: Span) -> Result<(), ()> {
        if depth <= MAX_DEPTH {
            return Ok(());
        }
        let message = format!("more than {MAX_DEPTH} levels of lists and mappings");
        self.fail(Code::TooDeep, span, message, "no record needs that depth");
        Err(())
    }

    fn count(&mut self, more: usize, span: Span) -> Result<(), ()> {
        self.nodes += more;
        if self.nodes <= MAX_NODES {
            return Ok(());
        }
        let message = format!("more than {MAX_NODES} values, counting what aliases repeat");
        self.fail(
            Code::TooManyNodes,
            span,
            message,
            "split the source into several files",
        );
        Err(())
    }
}

/// JSON Pointer of the innermost of the open lists and mappings' values.
fn path(around: &[Open]) -> String {
    around.iter().fold(String::new(), |mut path, open| {
        path.push('/');
        match &open.content {
            Content::Sequence(items) => path.push_str(&items.len().to_string()),
            Content::Mapping { key: Some(key), .. } if excerpt::is_word(&key.text) => {
                path.push_str(&key.text.replace('~', "~0").replace('/', "~1"));
            }
            Content::Mapping { .. } => path.push('…'),
        }
        path
    })
}

/// How much a value adds where an alias repeats it.
#[derive(Clone, Copy)]
struct Extent {
    size: usize,
    depth: usize,
}

/// INVARIANT: recursion is bounded by `MAX_DEPTH`, which holds for every finished node.
fn extent(node: &Node) -> Extent {
    let of = |children: &mut dyn Iterator<Item = &Node>| {
        children
            .map(extent)
            .fold(Extent { size: 1, depth: 1 }, |sum, child| Extent {
                size: sum.size + child.size,
                depth: sum.depth.max(child.depth + 1),
            })
    };
    match &node.value {
        NodeValue::Scalar { .. } => Extent { size: 1, depth: 0 },
        NodeValue::Sequence(items) => of(&mut items.iter()),
        NodeValue::Mapping(entries) => of(&mut entries.iter().map(|(_, value)| value)),
    }
}

fn location(marker: &saphyr_parser::Marker) -> Location {
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Location {
        line: number(marker.line()),
        column: number(marker.col()).saturating_add(1),
    }
}

fn convert(span: saphyr_parser::Span) -> Span {
    Span {
        start: location(&span.start),
        end: location(&span.end),
    }
}

fn scalar_kind(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> ScalarKind {
    if let Some(tag) = tag.filter(|tag| tag.is_yaml_core_schema()) {
        return match tag.suffix.as_str() {
            "null" => ScalarKind::Null,
            "bool" => ScalarKind::Boolean,
            "int" | "float" => ScalarKind::Number,
            _ => ScalarKind::String,
        };
    }
    if style != ScalarStyle::Plain {
        return ScalarKind::String;
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => ScalarKind::Null,
        "true" | "True" | "TRUE" | "false" | "False" | "FALSE" => ScalarKind::Boolean,
        _ if is_number(text) => ScalarKind::Number,
        _ => ScalarKind::String,
    }
}

/// The numbers of the YAML 1.2 core schema, <https://yaml.org/spec/1.2.2/#1032-tag-resolution>.
fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return true;
    }
    if let Some(digits) = text.strip_prefix("0x") {
        return !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit());
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return !digits.is_empty() && digits.bytes().all(|b| (b'0'..=b'7').contains(&b));
    }
    let starts = unsigned
        .bytes()
        .next()
        .is_some_and(|b| b.is_ascii_digit() || b == b'.');
    starts
        && unsigned
            .bytes()
            .all(|b| b.is_ascii_digit() || b".eE+-".contains(&b))
        && unsigned.parse::<f64>().is_ok()
}

fn syntax_help(info: &str) -> &'static str {
    if info.contains("tab") {
        "indent with spaces"
    } else {
        "quote texts with special characters and indent each level alike"
    }
}
