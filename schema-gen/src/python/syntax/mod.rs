//! Python's syntax as the analyser sees it.
//!
//! A small tree of our own: what the parser gives is turned into it in `parse`, the one file that
//! knows the parser. A function's body is turned when it is first needed: most never are.

mod outline;
mod parse;
#[cfg(test)]
mod tests;

use std::rc::Rc;

pub use parse::parse_alone;
pub(crate) use parse::{Body, ParseFailure, Tree, parse, parse_expression};

/// An identifier, shared.
pub(crate) type Name = Rc<str>;

/// A range of a file's text, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

/// What an `import` statement names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Import {
    /// Without its leading dots; empty in `from . import name`.
    pub(crate) module: String,
    /// The number of leading dots.
    pub(crate) level: u32,
    /// What is imported from it; nothing in `import module`.
    pub(crate) names: Vec<String>,
}

/// A module's statements and its docstring.
#[derive(Debug)]
pub(crate) struct Module {
    pub(crate) body: Vec<Stmt>,
    pub(crate) docstring: Option<Rc<str>>,
}

#[derive(Debug)]
pub(crate) struct Expr {
    pub(crate) span: Span,
    pub(crate) kind: ExprKind,
}

#[derive(Debug)]
pub(crate) enum ExprKind {
    None,
    Bool(bool),
    Int(i64),
    /// Beyond 64 bits.
    BigInt,
    Float(f64),
    /// The imaginary part; nothing computes with it.
    Complex,
    Str(Rc<str>),
    Bytes(Rc<[u8]>),
    Ellipsis,
    Name(Name),
    Attribute(Box<Expr>, Name),
    Subscript(Box<Expr>, Box<Expr>),
    Slice(Option<Box<Expr>>, Option<Box<Expr>>, Option<Box<Expr>>),
    Call(Box<Call>),
    FString(Vec<FPart>),
    List(Vec<Expr>),
    Tuple(Vec<Expr>),
    Set(Vec<Expr>),
    /// `None` as a key is `**value`.
    Dict(Vec<(Option<Expr>, Expr)>),
    Comprehension(Box<Comprehension>),
    Lambda(Rc<Lambda>),
    IfElse {
        test: Box<Expr>,
        then: Box<Expr>,
        otherwise: Box<Expr>,
    },
    BoolOp(BoolOp, Vec<Expr>),
    BinOp(Box<Expr>, BinOp, Box<Expr>),
    Unary(UnaryOp, Box<Expr>),
    Compare(Box<Expr>, Vec<(CmpOp, Expr)>),
    Starred(Box<Expr>),
    Walrus(Box<Expr>, Box<Expr>),
    Await(Box<Expr>),
    Yield(Option<Box<Expr>>),
    YieldFrom(Box<Expr>),
    /// Template strings and whatever else has no meaning to the analyser.
    Unsupported(&'static str),
}

#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) callee: Expr,
    /// In order; a `Starred` one is spread.
    pub(crate) args: Vec<Expr>,
    /// In order; without a name it is `**value`.
    pub(crate) keywords: Vec<(Option<Name>, Expr)>,
}

#[derive(Debug)]
pub(crate) enum FPart {
    Literal(Rc<str>),
    Value {
        value: Expr,
        /// `!r`, `!s` or `!a`.
        conversion: Option<char>,
        spec: Vec<FPart>,
        /// `{x=}`: the text before the value.
        debug: Option<Rc<str>>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ComprehensionKind {
    List,
    Set,
    Dict,
    Generator,
}

#[derive(Debug)]
pub(crate) struct Comprehension {
    pub(crate) kind: ComprehensionKind,
    /// The element, or the key of a dictionary.
    pub(crate) element: Expr,
    /// The value of a dictionary.
    pub(crate) value: Option<Expr>,
    pub(crate) clauses: Vec<Clause>,
}

#[derive(Debug)]
pub(crate) struct Clause {
    pub(crate) target: Expr,
    pub(crate) iterable: Expr,
    pub(crate) conditions: Vec<Expr>,
}

#[derive(Debug)]
pub(crate) struct Lambda {
    pub(crate) parameters: Rc<Parameters>,
    pub(crate) body: Expr,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BoolOp {
    And,
    Or,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BinOp {
    Add,
    Sub,
    Mul,
    MatMul,
    Div,
    Mod,
    Pow,
    LShift,
    RShift,
    BitOr,
    BitXor,
    BitAnd,
    FloorDiv,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UnaryOp {
    Invert,
    Not,
    Plus,
    Minus,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CmpOp {
    Eq,
    NotEq,
    Lt,
    LtE,
    Gt,
    GtE,
    Is,
    IsNot,
    In,
    NotIn,
}

#[derive(Debug)]
pub(crate) struct Stmt {
    pub(crate) span: Span,
    pub(crate) kind: StmtKind,
}

#[derive(Debug)]
pub(crate) enum StmtKind {
    Function(Rc<FunctionDef>),
    Class(Rc<ClassDef>),
    Return(Option<Expr>),
    Delete(Vec<Expr>),
    TypeAlias {
        name: Name,
        type_params: Vec<TypeParam>,
        value: Rc<Expr>,
    },
    Assign {
        targets: Vec<Expr>,
        value: Expr,
    },
    AugAssign {
        target: Expr,
        op: BinOp,
        value: Expr,
    },
    AnnAssign {
        target: Expr,
        annotation: Rc<Expr>,
        value: Option<Expr>,
    },
    For {
        target: Expr,
        iterable: Expr,
        body: Vec<Stmt>,
        otherwise: Vec<Stmt>,
    },
    While {
        test: Expr,
        body: Vec<Stmt>,
        otherwise: Vec<Stmt>,
    },
    /// `if`, `elif` …, each with its test; `else` has none.
    If(Vec<(Option<Expr>, Vec<Stmt>)>),
    With(Rc<With>),
    Match {
        subject: Expr,
        cases: Vec<Case>,
    },
    Raise(Option<Expr>),
    Try {
        body: Vec<Stmt>,
        handlers: Vec<Handler>,
        otherwise: Vec<Stmt>,
        finally: Vec<Stmt>,
    },
    Assert(Expr),
    /// `import a.b as c`: module and name.
    Import(Vec<(Name, Option<Name>)>),
    ImportFrom {
        module: Option<Name>,
        /// The number of leading dots.
        level: u32,
        /// `*` stands as itself.
        names: Vec<(Name, Option<Name>)>,
    },
    Global(Vec<Name>),
    Nonlocal(Vec<Name>),
    Expr(Expr),
    Pass,
    Break,
    Continue,
}

#[derive(Debug)]
pub(crate) struct With {
    /// Each with what it is bound to.
    pub(crate) items: Vec<(Expr, Option<Expr>)>,
    pub(crate) body: Vec<Stmt>,
}

#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) pattern: Pattern,
    pub(crate) guard: Option<Expr>,
    pub(crate) body: Vec<Stmt>,
}

#[derive(Debug)]
pub(crate) enum Pattern {
    Value(Expr),
    Sequence(Vec<Pattern>),
    Mapping {
        entries: Vec<(Expr, Pattern)>,
        rest: Option<Name>,
    },
    Class {
        class: Expr,
        positional: Vec<Pattern>,
        keywords: Vec<(Name, Pattern)>,
    },
    Star(Option<Name>),
    As(Option<Box<Pattern>>, Option<Name>),
    Or(Vec<Pattern>),
}

#[derive(Debug)]
pub(crate) struct Handler {
    pub(crate) exception: Option<Expr>,
    pub(crate) name: Option<Name>,
    pub(crate) body: Vec<Stmt>,
}

#[derive(Debug)]
pub(crate) struct FunctionDef {
    pub(crate) name: Name,
    pub(crate) span: Span,
    pub(crate) is_async: bool,
    pub(crate) decorators: Vec<Expr>,
    pub(crate) type_params: Vec<TypeParam>,
    pub(crate) parameters: Rc<Parameters>,
    pub(crate) returns: Option<Rc<Expr>>,
    /// As written, not cleaned.
    pub(crate) docstring: Option<Rc<str>>,
    pub(crate) body: Body,
}

#[derive(Debug)]
pub(crate) struct ClassDef {
    pub(crate) name: Name,
    pub(crate) span: Span,
    pub(crate) decorators: Vec<Expr>,
    pub(crate) type_params: Vec<TypeParam>,
    pub(crate) bases: Vec<Expr>,
    pub(crate) keywords: Vec<(Option<Name>, Expr)>,
    /// As written, not cleaned.
    pub(crate) docstring: Option<Rc<str>>,
    pub(crate) body: Vec<Stmt>,
}

#[derive(Debug)]
pub(crate) struct TypeParam {
    pub(crate) name: Name,
    pub(crate) bound: Option<Rc<Expr>>,
    pub(crate) default: Option<Rc<Expr>>,
}

/// In the order of a signature.
#[derive(Debug, Default)]
pub(crate) struct Parameters {
    pub(crate) list: Vec<Parameter>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ParameterKind {
    PositionalOnly,
    PositionalOrKeyword,
    /// `*args`
    VarPositional,
    KeywordOnly,
    /// `**kwargs`
    VarKeyword,
}

#[derive(Debug)]
pub(crate) struct Parameter {
    pub(crate) name: Name,
    pub(crate) kind: ParameterKind,
    pub(crate) span: Span,
    pub(crate) annotation: Option<Rc<Expr>>,
    pub(crate) default: Option<Expr>,
}
