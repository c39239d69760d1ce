use std::{collections::HashMap, sync::Arc};

use saphyr_parser::{Event, Parser, ScalarStyle, Tag};

use super::{
    excerpt,
    node::{Document, Key, Node, NodeValue, ScalarKind},
};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Location, Span};

/// The largest source that is read, in bytes.
pub const MAX_SOURCE_BYTES: usize = 16 << 20;
/// How deep lists and mappings may nest.
pub const MAX_DEPTH: usize = 64;
/// How many values a source may hold, counting what its aliases repeat.
pub const MAX_NODES: usize = 2_000_000;

impl Document {
    /// Parses YAML or JSON (which is read as YAML) into trees with places.
    ///
    /// Bounds: [`MAX_SOURCE_BYTES`], [`MAX_DEPTH`], [`MAX_NODES`]. Anchors, aliases and merge
    /// keys (`<<`) are followed. Scalars are typed by the YAML 1.2 core schema.
    ///
    /// # Errors
    /// The findings, when no tree could be made: bounds, encoding, syntax, a key given twice.
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
                format!("the source has {} bytes, more than {MAX_SOURCE_BYTES}", bytes.len()),
                "split it into several files",
            ));
        }
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text.strip_prefix('\u{feff}').unwrap_or(text),
            Err(error) => {
                let valid = String::from_utf8_lossy(bytes.get(..error.valid_up_to()).unwrap_or_default());
                let line = valid.lines().count().max(1);
                return Err(bare(
                    Code::NotUtf8,
                    format!("byte {} (line {line}) is not UTF-8", error.valid_up_to()),
                    "save the file as UTF-8",
                ));
            }
        };
        let mut builder = Builder {
            document: Self {
                source,
                lines: text.lines().map(str::to_owned).collect(),
                roots: Vec::new(),
            },
            anchors: HashMap::new(),
            nodes: 0,
            findings: Vec::new(),
        };
        match builder.read(text) {
            Ok(()) if builder.findings.is_empty() => Ok(builder.document),
            Ok(()) => Err(builder.findings),
            Err(()) => Err(builder.findings),
        }
    }
}

/// A list or mapping that is still open.
struct Open {
    start: Location,
    anchor: usize,
    content: Content,
}

enum Content {
    Sequence(Vec<Node>),
    Mapping { entries: Vec<(Key, Node)>, key: Option<Key> },
}

struct Builder {
    document: Document,
    anchors: HashMap<usize, (Node, Extent)>,
    nodes: usize,
    findings: Diagnostics,
}

impl Builder {
    fn fail(&mut self, code: Code, span: Span, message: String, help: &str) {
        let excerpt = excerpt::structural(&self.document.lines, span);
        self.findings.push(Diagnostic {
            code,
            severity: code.severity(),
            message,
            path: String::new(),
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
                    let message = format!("not well-formed: {}", error.info());
                    self.fail(Code::Syntax, Span { start: at, end: at }, message, syntax_help(error.info()));
                    return Err(());
                }
            };
            let finished = match event {
                Event::Scalar(text, style, anchor, tag) => {
                    let kind = scalar_kind(&text, style, tag.as_deref());
                    let node = Node { span, value: NodeValue::Scalar { text: text.as_ref().into(), kind } };
                    self.count(1, span)?;
                    self.remember(anchor, &node);
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
                        Content::Mapping { entries: Vec::new(), key: None }
                    };
                    stack.push(Open { start: span.start, anchor, content });
                    continue;
                }
                Event::SequenceEnd | Event::MappingEnd => {
                    let Some(open) = stack.pop() else { continue };
                    self.close(open, span)
                }
                _ => continue,
            };
            match stack.last_mut().map(|open| &mut open.content) {
                None => self.document.roots.push(finished),
                Some(Content::Sequence(items)) => items.push(finished),
                Some(Content::Mapping { entries, key }) => match key.take() {
                    Some(key) => entries.push((key, finished)),
                    None => match finished.value {
                        NodeValue::Scalar { text, .. } => *key = Some(Key { span: finished.span, text }),
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
        self.document.roots.retain(|root| !root.is_null());
        Ok(())
    }

    fn close(&mut self, open: Open, end: Span) -> Node {
        let span = Span { start: open.start, end: end.end };
        let value = match open.content {
            Content::Sequence(items) => NodeValue::Sequence(items),
            Content::Mapping { entries, .. } => NodeValue::Mapping(self.unique(entries)),
        };
        let node = Node { span, value };
        self.remember(open.anchor, &node);
        node
    }

    /// Applies merge keys and reports keys given twice.
    fn unique(&mut self, entries: Vec<(Key, Node)>) -> Vec<(Key, Node)> {
        let mut seen: HashMap<Arc<str>, u32> = HashMap::with_capacity(entries.len());
        let mut result: Vec<(Key, Node)> = Vec::with_capacity(entries.len());
        let mut merged = Vec::new();
        for (key, node) in entries {
            if &*key.text == "<<" {
                match node.value {
                    NodeValue::Mapping(inner) => merged.extend(inner),
                    NodeValue::Sequence(items) => {
                        for item in items {
                            if let NodeValue::Mapping(inner) = item.value {
                                merged.extend(inner);
                            }
                        }
                    }
                    NodeValue::Scalar { .. } => result.push((key, node)),
                }
                continue;
            }
            if let Some(line) = seen.insert(Arc::clone(&key.text), key.span.start.line) {
                let message = format!("`{}` is given twice", key.text);
                self.fail(Code::DuplicateKey, key.span, message, &format!("the first stands in line {line}"));
                continue;
            }
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

    fn remember(&mut self, anchor: usize, node: &Node) {
        if anchor > 0 {
            self.anchors.insert(anchor, (node.clone(), extent(node)));
        }
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
        self.fail(Code::TooManyNodes, span, message, "split the source into several files");
        Err(())
    }
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
        children.map(extent).fold(Extent { size: 1, depth: 1 }, |sum, child| Extent {
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
    Location { line: number(marker.line()), column: number(marker.col()).saturating_add(1) }
}

fn convert(span: saphyr_parser::Span) -> Span {
    Span { start: location(&span.start), end: location(&span.end) }
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
    let starts = unsigned.bytes().next().is_some_and(|b| b.is_ascii_digit() || b == b'.');
    starts && unsigned.bytes().all(|b| b.is_ascii_digit() || b".eE+-".contains(&b)) && unsigned.parse::<f64>().is_ok()
}

fn syntax_help(info: &str) -> &'static str {
    if info.contains("tab") {
        "indent with spaces"
    } else {
        "quote texts with special characters and indent each level alike"
    }
}

