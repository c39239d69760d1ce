use super::style::{Style, cut, padded, printable, width};

/// The space between columns.
const GAP: usize = 2;
/// The narrowest that a column is made to fit a terminal.
const NARROWEST: usize = 12;

/// Rows under headings, in columns. Where the width is limited, the widest columns are cut.
pub(crate) fn table<const N: usize>(
    headings: [&str; N],
    rows: &[[String; N]],
    style: Style,
) -> String {
    let rows: Vec<[String; N]> = rows
        .iter()
        .map(|row| row.each_ref().map(|cell| printable(cell)))
        .collect();
    let mut columns = headings.map(width);
    for row in &rows {
        for (column, cell) in columns.iter_mut().zip(row) {
            *column = width(cell).max(*column);
        }
    }
    fit(&mut columns, style);
    let line = |cells: &[String]| {
        let cells = cells
            .iter()
            .zip(columns)
            .map(|(cell, column)| padded(&cut(cell, column), column));
        cells
            .collect::<Vec<_>>()
            .join(&" ".repeat(GAP))
            .trim_end()
            .to_owned()
    };
    let mut text = style.bold(&line(&headings.map(str::to_owned)));
    text.push('\n');
    for row in &rows {
        text.push_str(&line(row));
        text.push('\n');
    }
    text
}

fn fit<const N: usize>(columns: &mut [usize; N], style: Style) {
    let limit = style.beside(GAP * N.saturating_sub(1));
    while columns.iter().sum::<usize>() > limit {
        match columns.iter_mut().max() {
            Some(widest) if *widest > NARROWEST => *widest -= 1,
            _ => return,
        }
    }
}
