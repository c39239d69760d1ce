//! Ruff's parser, and its tree turned into ours. No other module names the parser.

mod imports;

use std::cell::{Cell, OnceCell};
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use ruff_python_ast as ast;
use ruff_python_ast::token::TokenKind;
use ruff_python_ast::visitor::{Visitor, walk_expr, walk_stmt};
use ruff_text_size::Ranged;

use super::outline::{Hidden, outline};
use super::{
    BinOp, BoolOp, Call, Case, ClassDef, Clause, CmpOp, Comprehension, ComprehensionKind, Expr,
    ExprKind, FPart, FunctionDef, Handler, Import, Lambda, Module, Name, Parameter, ParameterKind,
    Parameters, Pattern, Span, Stmt, StmtKind, TypeParam, UnaryOp, With,
};

/// Tokens of one logical line between two commas: each may nest the tree once more. A tree is
/// dropped by recursion, so its depth must have a bound before it is built upon.
const MAX_RUN: u32 = 60_000;
/// CPython's own bound: "too many levels of indentation".
const MAX_INDENT: u32 = 100;
/// CPython's own bound: "too many nested parentheses".
const MAX_BRACKETS: u32 = 200;
/// Formatted texts of one file: the parser takes time with the square of how deep they are nested.
const MAX_FORMATTED: usize = 10_000;
/// The deepest expression that is read.
const MAX_DEPTH: u32 = 1_000;

/// Why a file was not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ParseFailure {
    pub(crate) offset: u32,
    pub(crate) message: String,
}

/// The parser's tree of a file. Of functions only what is needed to define them is read yet.
pub(crate) struct Tree {
    tree: ast::ModModule,
    hidden: Vec<Hidden>,
}

impl Tree {
    pub(crate) fn of(source: &str) -> Result<Self, ParseFailure> {
        let (tree, hidden) = syntax(source)?;
        Ok(Self { tree, hidden })
    }

    /// What the file imports, as far as its text tells.
    pub(crate) fn imports(&self) -> Vec<Import> {
        let mut found = Vec::new();
        imports::imports(&self.tree.body, &mut found);
        found
    }

    /// The statements of the file, whose text this is.
    pub(crate) fn turn(&self, source: &Arc<str>) -> Result<Module, ParseFailure> {
        let turn = Turn::new(source, &self.hidden, 0);
        let body = turn.body(&self.tree.body);
        turn.finish(Module {
            body,
            docstring: docstring(&self.tree.body),
        })
    }
}

/// The statements of a file.
pub(crate) fn parse(source: &Arc<str>) -> Result<Module, ParseFailure> {
    Tree::of(source)?.turn(source)
}

/// The same, with all of it read at once.
#[cfg(test)]
pub(super) fn parse_whole(source: &Arc<str>) -> Result<Module, ParseFailure> {
    let tree = whole(source)?;
    let turn = Turn::new(source, &[], 0);
    let body = turn.body(&tree.body);
    turn.finish(Module {
        body,
        docstring: docstring(&tree.body),
    })
}

/// The parser's tree of a text, of its outline where that can be parsed.
fn syntax(source: &str) -> Result<(ast::ModModule, Vec<Hidden>), ParseFailure> {
    if let Some(outline) = outline(source)
        && let Ok(tree) = whole(&outline.text)
    {
        return Ok((tree, outline.hidden));
    }
    Ok((whole(source)?, Vec::new()))
}

fn whole(source: &str) -> Result<ast::ModModule, ParseFailure> {
    formatted(source)?;
    let parsed = ruff_python_parser::parse_module(source).map_err(failure)?;
    bounds(parsed.tokens())?;
    Ok(parsed.into_syntax())
}

/// Parses a text and does nothing with it: what benchmarks compare with. Whether it is Python.
#[must_use]
pub fn parse_alone(source: &str) -> bool {
    ruff_python_parser::parse_module(source).is_ok()
}

/// One expression: an annotation that was written as a string.
pub(crate) fn parse_expression(source: &str) -> Result<Expr, ParseFailure> {
    formatted(source)?;
    let parsed = ruff_python_parser::parse_expression(source).map_err(failure)?;
    bounds(parsed.tokens())?;
    let expression = parsed.into_syntax();
    let none = Arc::from("");
    let turn = Turn::new(&none, &[], 0);
    let turned = turn.expr(&expression.body);
    turn.finish(turned)
}

fn failure(error: ruff_python_parser::ParseError) -> ParseFailure {
    ParseFailure {
        offset: error.location.start().to_u32(),
        message: error.error.to_string(),
    }
}

/// Refuses what would take the parser too long: unlike the other bounds, this one must hold before.
fn formatted(source: &str) -> Result<(), ParseFailure> {
    if source.len() < 2 * MAX_FORMATTED {
        return Ok(());
    }
    let begins = |before: &[u8]| {
        let [first, second, third, quote] = before else {
            return false;
        };
        let is_prefix = |byte: &u8| matches!(byte, b'f' | b'F' | b't' | b'T' | b'r' | b'R');
        let is_word = |byte: &u8| byte.is_ascii_alphabetic() || *byte == b'_' || !byte.is_ascii();
        matches!(quote, b'"' | b'\'')
            && is_prefix(third)
            && (!is_word(second) || (is_prefix(second) && !is_word(first)))
    };
    let bytes = source.as_bytes();
    match memchr::memchr2_iter(b'"', b'\'', bytes)
        .filter(|at| {
            let before = at.checked_sub(3).and_then(|start| bytes.get(start..=*at));
            before.is_some_and(begins)
        })
        .nth(MAX_FORMATTED)
    {
        None => Ok(()),
        Some(at) => Err(ParseFailure {
            offset: u32::try_from(at).unwrap_or(u32::MAX),
            message: format!("more than {MAX_FORMATTED} formatted texts"),
        }),
    }
}

fn bounds(tokens: &ast::token::Tokens) -> Result<(), ParseFailure> {
    let (mut run, mut brackets, mut indent) = (0u32, 0u32, 0u32);
    for token in tokens.iter() {
        run += 1;
        match token.kind() {
            TokenKind::Newline
            | TokenKind::NonLogicalNewline
            | TokenKind::Comma
            | TokenKind::Semi => run = 0,
            TokenKind::Lpar | TokenKind::Lsqb | TokenKind::Lbrace => brackets += 1,
            TokenKind::Rpar | TokenKind::Rsqb | TokenKind::Rbrace => {
                brackets = brackets.saturating_sub(1)
            }
            TokenKind::Indent => indent += 1,
            TokenKind::Dedent => indent = indent.saturating_sub(1),
            _ => {}
        }
        let message = if run > MAX_RUN {
            "an expression is too long"
        } else if brackets > MAX_BRACKETS {
            "too many nested parentheses"
        } else if indent > MAX_INDENT {
            "too many levels of indentation"
        } else {
            continue;
        };
        return Err(ParseFailure {
            offset: token.range().start().to_u32(),
            message: message.to_owned(),
        });
    }
    Ok(())
}

/// A function's statements; where they were hidden, read when they are first asked for.
pub(crate) struct Body(Source);

enum Source {
    Read(Rc<Suite>),
    Hidden(Text, OnceCell<Result<Rc<Suite>, ParseFailure>>),
}

struct Suite {
    statements: Vec<Stmt>,
    yields: bool,
}

/// Lines of a file.
struct Text {
    source: Arc<str>,
    start: usize,
    end: usize,
    /// What is to be added to places in `source`.
    shift: u32,
}

/// What makes indented lines a text of their own.
const ABOVE: &str = "if 1:\n";

impl Text {
    fn lines(&self) -> &str {
        self.source.get(self.start..self.end).unwrap_or_default()
    }

    fn read(&self) -> Result<Suite, ParseFailure> {
        let source = Arc::from([ABOVE, self.lines()].concat());
        let shift = self
            .shift
            .wrapping_add(self.start as u32)
            .wrapping_sub(ABOVE.len() as u32);
        let shifted = |failure: ParseFailure| ParseFailure {
            offset: failure.offset.wrapping_add(shift),
            ..failure
        };
        let (tree, hidden) = syntax(&source).map_err(shifted)?;
        let body = match tree.body.as_slice() {
            [ast::Stmt::If(lines)] => &*lines.body,
            _ => &[],
        };
        let turn = Turn::new(&source, &hidden, shift);
        let statements = turn.body(body);
        turn.finish(Suite {
            statements,
            yields: yields(body),
        })
    }
}

impl Body {
    fn suite(&self) -> Result<&Rc<Suite>, ParseFailure> {
        match &self.0 {
            Source::Read(suite) => Ok(suite),
            Source::Hidden(text, read) => {
                let read = read.get_or_init(|| text.read().map(Rc::new));
                read.as_ref().map_err(Clone::clone)
            }
        }
    }

    /// The statements, unless they cannot be read.
    pub(crate) fn statements(&self) -> Result<Statements, ParseFailure> {
        self.suite().map(|suite| Statements(Rc::clone(suite)))
    }

    /// Whether it is the body of a generator.
    pub(crate) fn yields(&self) -> bool {
        match &self.0 {
            Source::Hidden(text, _) if !text.lines().contains("yield") => false,
            _ => self.suite().is_ok_and(|suite| suite.yields),
        }
    }
}

/// The statements of a function.
pub(crate) struct Statements(Rc<Suite>);

impl std::ops::Deref for Statements {
    type Target = [Stmt];

    fn deref(&self) -> &[Stmt] {
        &self.0.statements
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.suite() {
            Ok(suite) => suite.statements.fmt(formatter),
            Err(failure) => failure.fmt(formatter),
        }
    }
}

fn yields(body: &[ast::Stmt]) -> bool {
    let mut search = YieldSearch(false);
    body.iter()
        .for_each(|statement| search.visit_stmt(statement));
    search.0
}

/// Looks for a `yield` that belongs to the function itself.
struct YieldSearch(bool);

impl<'a> Visitor<'a> for YieldSearch {
    fn visit_stmt(&mut self, statement: &'a ast::Stmt) {
        if !self.0
            && !matches!(
                statement,
                ast::Stmt::FunctionDef(_) | ast::Stmt::ClassDef(_)
            )
        {
            walk_stmt(self, statement);
        }
    }

    fn visit_expr(&mut self, expression: &'a ast::Expr) {
        match expression {
            ast::Expr::Yield(_) | ast::Expr::YieldFrom(_) => self.0 = true,
            ast::Expr::Lambda(_) => {}
            _ if self.0 => {}
            _ => walk_expr(self, expression),
        }
    }
}

fn docstring(body: &[ast::Stmt]) -> Option<Rc<str>> {
    match body.first()? {
        ast::Stmt::Expr(ast::StmtExpr { value, .. }) => match &**value {
            ast::Expr::StringLiteral(text) => Some(Rc::from(text.value.to_str())),
            _ => None,
        },
        _ => None,
    }
}

fn name(identifier: &ast::Identifier) -> Name {
    Rc::from(identifier.id.as_str())
}

struct Turn<'t> {
    source: &'t Arc<str>,
    hidden: &'t [Hidden],
    /// What is to be added to places in `source`.
    shift: u32,
    depth: Cell<u32>,
    too_deep: Cell<Option<u32>>,
}

impl<'t> Turn<'t> {
    fn new(source: &'t Arc<str>, hidden: &'t [Hidden], shift: u32) -> Self {
        Self {
            source,
            hidden,
            shift,
            depth: Cell::new(0),
            too_deep: Cell::new(None),
        }
    }

    fn finish<T>(self, turned: T) -> Result<T, ParseFailure> {
        match self.too_deep.get() {
            None => Ok(turned),
            Some(offset) => Err(ParseFailure {
                offset,
                message: "an expression is nested too deeply".to_owned(),
            }),
        }
    }

    fn span(&self, node: &impl Ranged) -> Span {
        Span {
            start: node.range().start().to_u32().wrapping_add(self.shift),
            end: node.range().end().to_u32().wrapping_add(self.shift),
        }
    }

    fn body(&self, body: &[ast::Stmt]) -> Vec<Stmt> {
        body.iter().map(|statement| self.stmt(statement)).collect()
    }

    /// What is hidden of a function. A function may end where one inside it does.
    fn hidden_body(&self, function: &ast::StmtFunctionDef) -> Option<&Hidden> {
        let ast::Stmt::Expr(last) = function.body.last()? else {
            return None;
        };
        let end = last.range().end().to_usize();
        let at = self.hidden.binary_search_by_key(&end, |hidden| hidden.end);
        self.hidden.get(at.ok()?)
    }

    fn function_body(&self, function: &ast::StmtFunctionDef) -> Body {
        match self.hidden_body(function) {
            Some(hidden) => {
                let text = Text {
                    source: Arc::clone(self.source),
                    start: hidden.body,
                    end: hidden.end,
                    shift: self.shift,
                };
                Body(Source::Hidden(text, OnceCell::new()))
            }
            None => Body(Source::Read(Rc::new(Suite {
                statements: self.body(&function.body),
                yields: yields(&function.body),
            }))),
        }
    }

    fn stmt(&self, statement: &ast::Stmt) -> Stmt {
        let kind = match statement {
            ast::Stmt::FunctionDef(s) => StmtKind::Function(Rc::new(FunctionDef {
                name: name(&s.name),
                span: self.span(s),
                is_async: s.is_async,
                decorators: s
                    .decorator_list
                    .iter()
                    .map(|d| self.expr(&d.expression))
                    .collect(),
                type_params: self.type_params(s.type_params.as_deref()),
                parameters: Rc::new(self.parameters(&s.parameters)),
                returns: s.returns.as_deref().map(|e| Rc::new(self.expr(e))),
                docstring: docstring(&s.body),
                body: self.function_body(s),
            })),
            ast::Stmt::ClassDef(s) => {
                let (bases, keywords) = match s.arguments.as_deref() {
                    Some(arguments) => (
                        self.exprs(&arguments.args),
                        self.keywords(&arguments.keywords),
                    ),
                    None => (Vec::new(), Vec::new()),
                };
                StmtKind::Class(Rc::new(ClassDef {
                    name: name(&s.name),
                    span: self.span(s),
                    decorators: s
                        .decorator_list
                        .iter()
                        .map(|d| self.expr(&d.expression))
                        .collect(),
                    type_params: self.type_params(s.type_params.as_deref()),
                    bases,
                    keywords,
                    docstring: docstring(&s.body),
                    body: self.body(&s.body),
                }))
            }
            ast::Stmt::Return(s) => StmtKind::Return(s.value.as_deref().map(|e| self.expr(e))),
            ast::Stmt::Delete(s) => StmtKind::Delete(self.exprs(&s.targets)),
            ast::Stmt::TypeAlias(s) => match &*s.name {
                ast::Expr::Name(alias) => StmtKind::TypeAlias {
                    name: Rc::from(alias.id.as_str()),
                    type_params: self.type_params(s.type_params.as_deref()),
                    value: Rc::new(self.expr(&s.value)),
                },
                _ => StmtKind::Pass,
            },
            ast::Stmt::Assign(s) => StmtKind::Assign {
                targets: self.exprs(&s.targets),
                value: self.expr(&s.value),
            },
            ast::Stmt::AugAssign(s) => StmtKind::AugAssign {
                target: self.expr(&s.target),
                op: binary(s.op),
                value: self.expr(&s.value),
            },
            ast::Stmt::AnnAssign(s) => StmtKind::AnnAssign {
                target: self.expr(&s.target),
                annotation: Rc::new(self.expr(&s.annotation)),
                value: s.value.as_deref().map(|e| self.expr(e)),
            },
            ast::Stmt::For(s) => StmtKind::For {
                target: self.expr(&s.target),
                iterable: self.expr(&s.iter),
                body: self.body(&s.body),
                otherwise: self.body(&s.orelse),
            },
            ast::Stmt::While(s) => StmtKind::While {
                test: self.expr(&s.test),
                body: self.body(&s.body),
                otherwise: self.body(&s.orelse),
            },
            ast::Stmt::If(s) => {
                let mut branches = vec![(Some(self.expr(&s.test)), self.body(&s.body))];
                for clause in &s.elif_else_clauses {
                    branches.push((
                        clause.test.as_ref().map(|e| self.expr(e)),
                        self.body(&clause.body),
                    ));
                }
                StmtKind::If(branches)
            }
            ast::Stmt::With(s) => StmtKind::With(Rc::new(With {
                items: s
                    .items
                    .iter()
                    .map(|i| {
                        (
                            self.expr(&i.context_expr),
                            i.optional_vars.as_deref().map(|e| self.expr(e)),
                        )
                    })
                    .collect(),
                body: self.body(&s.body),
            })),
            ast::Stmt::Match(s) => StmtKind::Match {
                subject: self.expr(&s.subject),
                cases: s
                    .cases
                    .iter()
                    .map(|case| Case {
                        pattern: self.pattern(&case.pattern),
                        guard: case.guard.as_deref().map(|e| self.expr(e)),
                        body: self.body(&case.body),
                    })
                    .collect(),
            },
            ast::Stmt::Raise(s) => StmtKind::Raise(s.exc.as_deref().map(|e| self.expr(e))),
            ast::Stmt::Try(s) => {
                let handlers: Vec<Handler> = s
                    .handlers
                    .iter()
                    .map(|ast::ExceptHandler::ExceptHandler(h)| Handler {
                        exception: h.type_.as_deref().map(|e| self.expr(e)),
                        name: h.name.as_ref().map(name),
                        body: self.body(&h.body),
                    })
                    .collect();
                StmtKind::Try {
                    body: self.body(&s.body),
                    handlers,
                    otherwise: self.body(&s.orelse),
                    finally: self.body(&s.finalbody),
                }
            }
            ast::Stmt::Assert(s) => StmtKind::Assert(self.expr(&s.test)),
            ast::Stmt::Import(s) => StmtKind::Import(
                s.names
                    .iter()
                    .map(|a| (name(&a.name), a.asname.as_ref().map(name)))
                    .collect(),
            ),
            ast::Stmt::ImportFrom(s) => StmtKind::ImportFrom {
                module: s.module.as_ref().map(name),
                level: s.level,
                names: s
                    .names
                    .iter()
                    .map(|a| (name(&a.name), a.asname.as_ref().map(name)))
                    .collect(),
            },
            ast::Stmt::Global(s) => StmtKind::Global(s.names.iter().map(name).collect()),
            ast::Stmt::Nonlocal(s) => StmtKind::Nonlocal(s.names.iter().map(name).collect()),
            ast::Stmt::Expr(s) => StmtKind::Expr(self.expr(&s.value)),
            ast::Stmt::Pass(_) | ast::Stmt::IpyEscapeCommand(_) => StmtKind::Pass,
            ast::Stmt::Break(_) => StmtKind::Break,
            ast::Stmt::Continue(_) => StmtKind::Continue,
        };
        Stmt {
            span: self.span(statement),
            kind,
        }
    }

    fn exprs(&self, list: &[ast::Expr]) -> Vec<Expr> {
        list.iter().map(|e| self.expr(e)).collect()
    }

    fn boxed(&self, expression: &ast::Expr) -> Box<Expr> {
        Box::new(self.expr(expression))
    }

    fn expr(&self, expression: &ast::Expr) -> Expr {
        let depth = self.depth.get() + 1;
        if depth > MAX_DEPTH {
            self.too_deep.set(Some(self.span(expression).start));
            return Expr {
                span: self.span(expression),
                kind: ExprKind::Unsupported("too deep"),
            };
        }
        self.depth.set(depth);
        let kind = self.kind(expression);
        self.depth.set(depth - 1);
        Expr {
            span: self.span(expression),
            kind,
        }
    }

    fn kind(&self, expression: &ast::Expr) -> ExprKind {
        match expression {
            ast::Expr::NoneLiteral(_) => ExprKind::None,
            ast::Expr::BooleanLiteral(e) => ExprKind::Bool(e.value),
            ast::Expr::NumberLiteral(e) => match &e.value {
                ast::Number::Int(int) => match int.as_i64() {
                    Some(value) => ExprKind::Int(value),
                    None => ExprKind::BigInt,
                },
                ast::Number::Float(value) => ExprKind::Float(*value),
                ast::Number::Complex { .. } => ExprKind::Complex,
            },
            ast::Expr::StringLiteral(e) => ExprKind::Str(Rc::from(e.value.to_str())),
            ast::Expr::BytesLiteral(e) => ExprKind::Bytes(e.value.bytes().collect()),
            ast::Expr::EllipsisLiteral(_) => ExprKind::Ellipsis,
            ast::Expr::Name(e) => ExprKind::Name(Rc::from(e.id.as_str())),
            ast::Expr::Attribute(e) => ExprKind::Attribute(self.boxed(&e.value), name(&e.attr)),
            ast::Expr::Subscript(e) => {
                ExprKind::Subscript(self.boxed(&e.value), self.boxed(&e.slice))
            }
            ast::Expr::Slice(e) => {
                let part = |p: &Option<Box<ast::Expr>>| p.as_deref().map(|e| self.boxed(e));
                ExprKind::Slice(part(&e.lower), part(&e.upper), part(&e.step))
            }
            ast::Expr::Call(e) => ExprKind::Call(Box::new(Call {
                callee: self.expr(&e.func),
                args: self.exprs(&e.arguments.args),
                keywords: self.keywords(&e.arguments.keywords),
            })),
            ast::Expr::FString(e) => {
                let mut parts = Vec::new();
                for part in e.value.as_slice() {
                    match part {
                        ast::FStringPart::Literal(literal) => {
                            parts.push(FPart::Literal(Rc::from(&*literal.value)))
                        }
                        ast::FStringPart::FString(inner) => {
                            self.elements(&inner.elements, &mut parts)
                        }
                    }
                }
                ExprKind::FString(parts)
            }
            ast::Expr::TString(_) => ExprKind::Unsupported("a template string"),
            ast::Expr::List(e) => ExprKind::List(self.exprs(&e.elts)),
            ast::Expr::Tuple(e) => ExprKind::Tuple(self.exprs(&e.elts)),
            ast::Expr::Set(e) => ExprKind::Set(self.exprs(&e.elts)),
            ast::Expr::Dict(e) => ExprKind::Dict(
                e.items
                    .iter()
                    .map(|i| (i.key.as_ref().map(|k| self.expr(k)), self.expr(&i.value)))
                    .collect(),
            ),
            ast::Expr::ListComp(e) => {
                self.comprehension(ComprehensionKind::List, &e.elt, None, &e.generators)
            }
            ast::Expr::SetComp(e) => {
                self.comprehension(ComprehensionKind::Set, &e.elt, None, &e.generators)
            }
            ast::Expr::Generator(e) => {
                self.comprehension(ComprehensionKind::Generator, &e.elt, None, &e.generators)
            }
            ast::Expr::DictComp(e) => match e.key.as_deref() {
                Some(key) => {
                    self.comprehension(ComprehensionKind::Dict, key, Some(&e.value), &e.generators)
                }
                None => ExprKind::Unsupported("a dictionary unpacked in a comprehension"),
            },
            ast::Expr::Lambda(e) => ExprKind::Lambda(Rc::new(Lambda {
                parameters: Rc::new(
                    e.parameters
                        .as_deref()
                        .map(|p| self.parameters(p))
                        .unwrap_or_default(),
                ),
                body: self.expr(&e.body),
            })),
            ast::Expr::If(e) => ExprKind::IfElse {
                test: self.boxed(&e.test),
                then: self.boxed(&e.body),
                otherwise: self.boxed(&e.orelse),
            },
            ast::Expr::BoolOp(e) => {
                let op = match e.op {
                    ast::BoolOp::And => BoolOp::And,
                    ast::BoolOp::Or => BoolOp::Or,
                };
                ExprKind::BoolOp(op, self.exprs(&e.values))
            }
            ast::Expr::BinOp(e) => {
                ExprKind::BinOp(self.boxed(&e.left), binary(e.op), self.boxed(&e.right))
            }
            ast::Expr::UnaryOp(e) => {
                let op = match e.op {
                    ast::UnaryOp::Invert => UnaryOp::Invert,
                    ast::UnaryOp::Not => UnaryOp::Not,
                    ast::UnaryOp::UAdd => UnaryOp::Plus,
                    ast::UnaryOp::USub => UnaryOp::Minus,
                };
                ExprKind::Unary(op, self.boxed(&e.operand))
            }
            ast::Expr::Compare(e) => {
                let rest = e
                    .ops
                    .iter()
                    .zip(&e.comparators)
                    .map(|(op, right)| (comparison(*op), self.expr(right)));
                ExprKind::Compare(self.boxed(&e.left), rest.collect())
            }
            ast::Expr::Starred(e) => ExprKind::Starred(self.boxed(&e.value)),
            ast::Expr::Named(e) => ExprKind::Walrus(self.boxed(&e.target), self.boxed(&e.value)),
            ast::Expr::Await(e) => ExprKind::Await(self.boxed(&e.value)),
            ast::Expr::Yield(e) => ExprKind::Yield(e.value.as_deref().map(|v| self.boxed(v))),
            ast::Expr::YieldFrom(e) => ExprKind::YieldFrom(self.boxed(&e.value)),
            ast::Expr::IpyEscapeCommand(_) => ExprKind::Unsupported("a notebook's command"),
        }
    }

    fn keywords(&self, keywords: &[ast::Keyword]) -> Vec<(Option<Name>, Expr)> {
        keywords
            .iter()
            .map(|k| (k.arg.as_ref().map(name), self.expr(&k.value)))
            .collect()
    }

    fn elements(&self, elements: &ast::InterpolatedStringElements, parts: &mut Vec<FPart>) {
        for element in elements {
            parts.push(match element {
                ast::InterpolatedStringElement::Literal(literal) => {
                    FPart::Literal(Rc::from(&*literal.value))
                }
                ast::InterpolatedStringElement::Interpolation(value) => {
                    let mut spec = Vec::new();
                    if let Some(format) = &value.format_spec {
                        self.elements(&format.elements, &mut spec);
                    }
                    FPart::Value {
                        value: self.expr(&value.expression),
                        conversion: value.conversion.to_byte().map(char::from),
                        spec,
                        debug: value.debug_text.as_ref().map(|text| {
                            Rc::from(format!("{}{}", text.leading(), text.trailing()).as_str())
                        }),
                    }
                }
            });
        }
    }

    fn comprehension(
        &self,
        kind: ComprehensionKind,
        element: &ast::Expr,
        value: Option<&ast::Expr>,
        generators: &[ast::Comprehension],
    ) -> ExprKind {
        ExprKind::Comprehension(Box::new(Comprehension {
            kind,
            element: self.expr(element),
            value: value.map(|e| self.expr(e)),
            clauses: generators
                .iter()
                .map(|g| Clause {
                    target: self.expr(&g.target),
                    iterable: self.expr(&g.iter),
                    conditions: self.exprs(&g.ifs),
                })
                .collect(),
        }))
    }

    fn parameters(&self, parameters: &ast::Parameters) -> Parameters {
        let one =
            |p: &ast::Parameter, default: Option<&ast::Expr>, kind: ParameterKind| Parameter {
                name: name(&p.name),
                kind,
                span: self.span(p),
                annotation: p.annotation.as_deref().map(|e| Rc::new(self.expr(e))),
                default: default.map(|e| self.expr(e)),
            };
        let mut list = Vec::new();
        for (group, kind) in [
            (&parameters.posonlyargs, ParameterKind::PositionalOnly),
            (&parameters.args, ParameterKind::PositionalOrKeyword),
        ] {
            list.extend(group.iter().map(|p| one(&p.parameter, p.default(), kind)));
        }
        list.extend(
            parameters
                .vararg
                .as_deref()
                .map(|p| one(p, None, ParameterKind::VarPositional)),
        );
        let only = parameters.kwonlyargs.iter();
        list.extend(only.map(|p| one(&p.parameter, p.default(), ParameterKind::KeywordOnly)));
        list.extend(
            parameters
                .kwarg
                .as_deref()
                .map(|p| one(p, None, ParameterKind::VarKeyword)),
        );
        Parameters { list }
    }

    fn type_params(&self, parameters: Option<&ast::TypeParams>) -> Vec<TypeParam> {
        let shared = |e: &Option<Box<ast::Expr>>| e.as_deref().map(|e| Rc::new(self.expr(e)));
        let turn = |parameter: &ast::TypeParam| match parameter {
            ast::TypeParam::TypeVar(p) => TypeParam {
                name: name(&p.name),
                bound: shared(&p.bound),
                default: shared(&p.default),
            },
            ast::TypeParam::TypeVarTuple(p) => TypeParam {
                name: name(&p.name),
                bound: None,
                default: shared(&p.default),
            },
            ast::TypeParam::ParamSpec(p) => TypeParam {
                name: name(&p.name),
                bound: None,
                default: shared(&p.default),
            },
        };
        parameters
            .map(|all| all.type_params.iter().map(turn).collect())
            .unwrap_or_default()
    }

    fn pattern(&self, pattern: &ast::Pattern) -> Pattern {
        let all = |patterns: &[ast::Pattern]| patterns.iter().map(|p| self.pattern(p)).collect();
        match pattern {
            ast::Pattern::MatchValue(p) => Pattern::Value(self.expr(&p.value)),
            ast::Pattern::MatchSingleton(p) => {
                let kind = match p.value {
                    ast::Singleton::None => ExprKind::None,
                    ast::Singleton::True => ExprKind::Bool(true),
                    ast::Singleton::False => ExprKind::Bool(false),
                };
                Pattern::Value(Expr {
                    span: self.span(p),
                    kind,
                })
            }
            ast::Pattern::MatchSequence(p) => Pattern::Sequence(all(&p.patterns)),
            ast::Pattern::MatchMapping(p) => Pattern::Mapping {
                entries: p
                    .keys
                    .iter()
                    .zip(&p.patterns)
                    .map(|(k, v)| (self.expr(k), self.pattern(v)))
                    .collect(),
                rest: p.rest.as_ref().map(name),
            },
            ast::Pattern::MatchClass(p) => Pattern::Class {
                class: self.expr(&p.cls),
                positional: all(&p.arguments.patterns),
                keywords: p
                    .arguments
                    .keywords
                    .iter()
                    .map(|k| (name(&k.attr), self.pattern(&k.pattern)))
                    .collect(),
            },
            ast::Pattern::MatchStar(p) => Pattern::Star(p.name.as_ref().map(name)),
            ast::Pattern::MatchAs(p) => Pattern::As(
                p.pattern.as_deref().map(|p| Box::new(self.pattern(p))),
                p.name.as_ref().map(name),
            ),
            ast::Pattern::MatchOr(p) => Pattern::Or(all(&p.patterns)),
        }
    }
}

fn binary(op: ast::Operator) -> BinOp {
    match op {
        ast::Operator::Add => BinOp::Add,
        ast::Operator::Sub => BinOp::Sub,
        ast::Operator::Mult => BinOp::Mul,
        ast::Operator::MatMult => BinOp::MatMul,
        ast::Operator::Div => BinOp::Div,
        ast::Operator::Mod => BinOp::Mod,
        ast::Operator::Pow => BinOp::Pow,
        ast::Operator::LShift => BinOp::LShift,
        ast::Operator::RShift => BinOp::RShift,
        ast::Operator::BitOr => BinOp::BitOr,
        ast::Operator::BitXor => BinOp::BitXor,
        ast::Operator::BitAnd => BinOp::BitAnd,
        ast::Operator::FloorDiv => BinOp::FloorDiv,
    }
}

fn comparison(op: ast::CmpOp) -> CmpOp {
    match op {
        ast::CmpOp::Eq => CmpOp::Eq,
        ast::CmpOp::NotEq => CmpOp::NotEq,
        ast::CmpOp::Lt => CmpOp::Lt,
        ast::CmpOp::LtE => CmpOp::LtE,
        ast::CmpOp::Gt => CmpOp::Gt,
        ast::CmpOp::GtE => CmpOp::GtE,
        ast::CmpOp::Is => CmpOp::Is,
        ast::CmpOp::IsNot => CmpOp::IsNot,
        ast::CmpOp::In => CmpOp::In,
        ast::CmpOp::NotIn => CmpOp::NotIn,
    }
}
