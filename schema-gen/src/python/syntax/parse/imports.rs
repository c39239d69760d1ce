//! Which modules a file imports, as far as its text tells.

use ruff_python_ast as ast;

use crate::python::syntax::Import;

/// The imports of statements that surely or perhaps run when the module is imported, in order.
pub(super) fn imports(body: &[ast::Stmt], found: &mut Vec<Import>) {
    for statement in body {
        match statement {
            ast::Stmt::Import(s) => found.extend(s.names.iter().map(|alias| Import {
                module: alias.name.to_string(),
                level: 0,
                names: Vec::new(),
            })),
            ast::Stmt::ImportFrom(s) => found.push(Import {
                module: s
                    .module
                    .as_ref()
                    .map(|it| it.to_string())
                    .unwrap_or_default(),
                level: s.level,
                names: s.names.iter().map(|alias| alias.name.to_string()).collect(),
            }),
            ast::Stmt::If(s) => {
                if !is_type_checking(&s.test) {
                    imports(&s.body, found);
                }
                for clause in &s.elif_else_clauses {
                    imports(&clause.body, found);
                }
            }
            ast::Stmt::Try(s) => {
                imports(&s.body, found);
                for handler in &s.handlers {
                    let ast::ExceptHandler::ExceptHandler(handler) = handler;
                    imports(&handler.body, found);
                }
                imports(&s.orelse, found);
                imports(&s.finalbody, found);
            }
            ast::Stmt::With(s) => imports(&s.body, found),
            _ => {}
        }
    }
}

fn is_type_checking(test: &ast::Expr) -> bool {
    match test {
        ast::Expr::Name(name) => name.id.as_str() == "TYPE_CHECKING",
        ast::Expr::Attribute(attribute) => attribute.attr.as_str() == "TYPE_CHECKING",
        _ => false,
    }
}
