use jiff::civil;

use super::key::{Key, Reading};

/// A date with this many parts names a whole day; with fewer a month or a year, with more an
/// instant.
pub(super) const DAY_PARTS: usize = 3;

/// A day, an instant, or an instant with a suffix.
///
/// The derived order is the one documented at [`Version`](super::Version): a missing time before
/// every time, a missing suffix before every suffix.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Date {
    day: civil::Date,
    time: Option<civil::Time>,
    suffix: Option<Box<str>>,
}

impl Date {
    /// Year, month, day, then the second of the day, counted from one so that "no time" is zero.
    pub(super) fn part(&self, index: usize) -> u64 {
        match index {
            0 => u64::from(self.day.year().unsigned_abs()),
            1 => u64::from(self.day.month().unsigned_abs()),
            2 => u64::from(self.day.day().unsigned_abs()),
            3 => self.time.map_or(0, |time| {
                let [hour, minute, second] = [time.hour(), time.minute(), time.second()]
                    .map(|n| u64::from(n.unsigned_abs()));
                1 + hour * 3600 + minute * 60 + second
            }),
            _ => 0,
        }
    }
}

/// Reads a date: a day or instant as a version gives it, or a year or month as an operand may.
pub(super) fn read(text: &str) -> Option<Reading> {
    let text = text.strip_prefix("RELEASE.").unwrap_or(text);
    let (calendar, clock) = match text.split_once('T') {
        Some((calendar, clock)) => (calendar, Some(clock)),
        None => (text, None),
    };
    let (day, parts) = read_calendar(calendar)?;
    let Some(clock) = clock else {
        let date = Date {
            day,
            time: None,
            suffix: None,
        };
        return Some(Reading {
            key: Key::Date(date),
            parts,
            plain: true,
        });
    };
    if parts < DAY_PARTS {
        return None;
    }
    let (clock, suffix) = clock.split_once('Z')?;
    let time = Some(read_clock(clock)?);
    let suffix = read_suffix(suffix)?;
    let plain = suffix.is_none();
    let date = Date { day, time, suffix };
    Some(Reading {
        key: Key::Date(date),
        parts: DAY_PARTS + 1,
        plain,
    })
}

/// The first day of the year, month or day, and how many parts the text has.
fn read_calendar(text: &str) -> Option<(civil::Date, usize)> {
    let separated = |separator| {
        let mut fields = text.split(separator);
        let fields = [fields.next(), fields.next(), fields.next(), fields.next()];
        let [Some(year), month, day, None] = fields else {
            return None;
        };
        Some((year, month, day))
    };
    let (year, month, day) = match (text.len(), text.split_at_checked(4)) {
        (8, Some((year, rest))) if text.bytes().all(|byte| byte.is_ascii_digit()) => {
            let (month, day) = rest.split_at_checked(2)?;
            (year, Some(month), Some(day))
        }
        _ => separated('-')
            .filter(|(_, month, _)| month.is_some())
            .or_else(|| separated('.'))?,
    };
    let year = number(year, 4).filter(|year| (1970..=2099).contains(year))?;
    let first_or = |field: Option<&str>| match field {
        Some(field) => i8::try_from(number(field, 2)?).ok(),
        None => Some(1),
    };
    let date = civil::Date::new(year, first_or(month)?, first_or(day)?).ok()?;
    Some((
        date,
        1 + usize::from(month.is_some()) + usize::from(day.is_some()),
    ))
}

/// `01-41-38` or `01:41:38`.
fn read_clock(text: &str) -> Option<civil::Time> {
    let separator = if text.contains(':') { ':' } else { '-' };
    let mut fields = text
        .split(separator)
        .map(|field| i8::try_from(number(field, 2)?).ok());
    let (hour, minute, second) = (fields.next()??, fields.next()??, fields.next()??);
    if fields.next().is_some() {
        return None;
    }
    civil::Time::new(hour, minute, second, 0).ok()
}

/// Nothing, or `.hotfix.abc`.
fn read_suffix(text: &str) -> Option<Option<Box<str>>> {
    if text.is_empty() {
        return Some(None);
    }
    let suffix = text.strip_prefix('.')?;
    let word = |part: &str| {
        !part.is_empty()
            && part
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
    };
    suffix.split('.').all(word).then(|| Some(suffix.into()))
}

/// A number of exactly `width` decimal digits.
fn number(text: &str, width: usize) -> Option<i16> {
    let digits = text.len() == width && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}
