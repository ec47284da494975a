//! Stacks as the languages print them (otlp.md 5.3): frames, innermost first, and the exceptions that
//! caused the first one.

/// Who printed a stack, by `telemetry.sdk.language`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Language {
    /// Java and PHP.
    Java,
    Python,
    /// Node and browsers.
    JavaScript,
    DotNet,
    Go,
    /// No layout that we know.
    #[default]
    Other,
}

/// One frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame<'t> {
    pub(super) path: &'t str,
    /// 0: not known.
    pub(super) line: i64,
    pub(super) label: &'t str,
}

/// What a stack tells of the exception it belongs to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Thrown<'t> {
    pub(super) frames: Vec<Frame<'t>>,
    /// What caused it, what caused that, and so on.
    pub(super) causes: Vec<Cause<'t>>,
}

/// An exception that caused another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Cause<'t> {
    pub(super) kind: Option<&'t str>,
    pub(super) message: Option<&'t str>,
    pub(super) frames: Vec<Frame<'t>>,
}

impl Language {
    pub(super) fn of(name: &str) -> Self {
        match name {
            "java" | "php" => Self::Java,
            "python" => Self::Python,
            "javascript" | "nodejs" | "webjs" => Self::JavaScript,
            "dotnet" => Self::DotNet,
            "go" => Self::Go,
            _ => Self::Other,
        }
    }
}

/// Reads a stack; nothing comes of one in an unknown layout.
pub(super) fn parse(language: Language, stack: &str) -> Thrown<'_> {
    let flat = |frames| Thrown {
        frames,
        causes: Vec::new(),
    };
    match language {
        Language::Java => java(stack),
        Language::Python => python(stack),
        Language::JavaScript => flat(stack.lines().filter_map(javascript_frame).collect()),
        Language::DotNet => flat(stack.lines().filter_map(dotnet_frame).collect()),
        Language::Go => flat(go(stack)),
        Language::Other => Thrown::default(),
    }
}

/// `TYPE: MESSAGE` or `TYPE`; the message may go on over further lines.
fn headline(text: &str) -> (Option<&str>, Option<&str>) {
    let text = text.trim();
    let (kind, message) = match text.split_once(':') {
        Some((kind, message)) => (kind, Some(message.trim())),
        None => (text, None),
    };
    let some = |text: &&str| !text.is_empty();
    (Some(kind.trim()).filter(some), message.filter(some))
}

fn java(stack: &str) -> Thrown<'_> {
    const CAUSED_BY: &str = "Caused by: ";
    let mut thrown = Thrown::default();
    // Where in the text the headline of the current cause began, while it goes on.
    let mut headline_start = None;
    let mut at = 0;
    for line in stack.split_inclusive('\n') {
        let start = at;
        at += line.len();
        if let Some(text) = line.strip_prefix(CAUSED_BY) {
            end_headline(
                &mut thrown,
                stack,
                headline_start.replace(at - text.len()),
                start,
            );
            thrown.causes.push(Cause::default());
        } else if line.starts_with('\t') {
            end_headline(&mut thrown, stack, headline_start.take(), start);
            let frames = match thrown.causes.last_mut() {
                Some(cause) => &mut cause.frames,
                None => &mut thrown.frames,
            };
            frames.extend(java_frame(line.trim_end()));
        }
    }
    end_headline(&mut thrown, stack, headline_start, stack.len());
    thrown
}

fn end_headline<'t>(thrown: &mut Thrown<'t>, stack: &'t str, start: Option<usize>, end: usize) {
    let text = start.and_then(|start| stack.get(start..end));
    if let (Some(text), Some(cause)) = (text, thrown.causes.last_mut()) {
        (cause.kind, cause.message) = headline(text);
    }
}

/// `\tat LABEL(PATH:LINE)`. More tabs are frames of suppressed exceptions.
fn java_frame(line: &str) -> Option<Frame<'_>> {
    let (label, place) = line.strip_prefix("\tat ")?.split_once('(')?;
    let place = place.split_once(')').map_or(place, |(place, _)| place);
    // `java.base/java.lang.Thread.run`: module or loader before the class.
    let label = label.split_once('/').map_or(label, |(_, label)| label);
    let (path, line) = match place.rsplit_once(':') {
        Some((path, line)) => (path, line.trim().parse().unwrap_or(0)),
        None => (place, 0),
    };
    Some(Frame { path, line, label })
}

fn python(stack: &str) -> Thrown<'_> {
    /// What stands between a traceback and the one of what came of it.
    const BETWEEN: [&str; 2] = [
        "During handling of the above exception, another exception occurred:",
        "The above exception was the direct cause of the following exception:",
    ];
    let mut tracebacks = Vec::new();
    let (mut start, mut at) = (0, 0);
    for line in stack.split_inclusive('\n') {
        if BETWEEN.contains(&line.trim()) {
            tracebacks.extend(stack.get(start..at));
            start = at + line.len();
        }
        at += line.len();
    }
    let last = stack.get(start..).unwrap_or_default();
    let causes = tracebacks.iter().rev().map(|traceback| {
        let (kind, message) = headline(python_headline(traceback));
        Cause {
            kind,
            message,
            frames: python_frames(traceback),
        }
    });
    Thrown {
        frames: python_frames(last),
        causes: causes.collect(),
    }
}

/// `  File "PATH", line N, in LABEL`, the innermost last.
fn python_frames(traceback: &str) -> Vec<Frame<'_>> {
    traceback.lines().rev().filter_map(python_frame).collect()
}

fn python_frame(line: &str) -> Option<Frame<'_>> {
    let rest = line.strip_prefix("  File \"")?;
    let (path, rest) = rest.split_once("\", line ")?;
    let (number, label) = rest.split_once(", in ")?;
    Some(Frame {
        path,
        line: number.trim().parse().unwrap_or(0),
        label: label.trim_end(),
    })
}

/// What follows the frames: from the first line after them that is not indented.
fn python_headline(traceback: &str) -> &str {
    let (mut start, mut at) = (None, 0);
    for line in traceback.split_inclusive('\n') {
        let is_indented = line.starts_with([' ', '\t']);
        if is_indented || line.starts_with("Traceback") || line.trim().is_empty() && start.is_none()
        {
            // A message may have indented lines, frames start it anew.
            if line.starts_with("  File \"") {
                start = None;
            }
        } else if start.is_none() {
            start = Some(at);
        }
        at += line.len();
    }
    start
        .and_then(|start| traceback.get(start..))
        .unwrap_or_default()
}

/// `    at LABEL (PATH:LINE:COLUMN)` or `    at PATH:LINE:COLUMN`.
fn javascript_frame(line: &str) -> Option<Frame<'_>> {
    let rest = line.strip_prefix("    at ")?.trim_end();
    let (label, place) = match rest
        .strip_suffix(')')
        .and_then(|rest| rest.rsplit_once('('))
    {
        Some((label, place)) => (label.trim(), place),
        None => ("", rest),
    };
    // From the right: paths have colons too (`file://`, `C:`, `node:`).
    let number = |text: &str| text.parse::<i64>().ok();
    let without_column = place
        .rsplit_once(':')
        .filter(|(_, column)| number(column).is_some());
    let (path, line) = match without_column {
        None => (place, 0),
        Some((rest, last)) => match rest.rsplit_once(':') {
            Some((path, line)) if number(line).is_some() => (path, number(line).unwrap_or(0)),
            _ => (rest, number(last).unwrap_or(0)),
        },
    };
    Some(Frame { path, line, label })
}

/// `   at LABEL in PATH:line N`, or without a file.
fn dotnet_frame(line: &str) -> Option<Frame<'_>> {
    let rest = line.trim().strip_prefix("at ")?;
    if let Some((label, place)) = rest.rsplit_once(" in ")
        && let Some((path, number)) = place.rsplit_once(":line ")
    {
        let line = number.trim().parse().unwrap_or(0);
        return Some(Frame { path, line, label });
    }
    rest.contains('(').then_some(Frame {
        path: "",
        line: 0,
        label: rest,
    })
}

/// Pairs of lines, `LABEL` and `\tPATH:LINE …`.
fn go(stack: &str) -> Vec<Frame<'_>> {
    let mut frames = Vec::new();
    let mut label = None;
    for line in stack.lines() {
        let Some(place) = line.strip_prefix('\t') else {
            label = Some(line.trim()).filter(|line| !line.is_empty());
            continue;
        };
        let Some(label) = label.take() else {
            continue;
        };
        let place = place.split(' ').next().unwrap_or_default();
        let (path, line) = place.rsplit_once(':').unwrap_or((place, "0"));
        frames.push(Frame {
            path,
            line: line.parse().unwrap_or(0),
            label,
        });
    }
    frames
}
