use roentgen_model::{TraceId, UnixNanos};

use super::*;

struct Listed(std::vec::IntoIter<i64>);

impl PageSource for Listed {
    fn next(&mut self, _: &QueryControl) -> Result<Option<Examined>, StoreError> {
        let key = |t0| PageKey {
            t0: UnixNanos(t0),
            trace_id: TraceId::from_bytes([0; 16]),
        };
        Ok(self.0.next().map(|t0| Examined {
            key: key(t0),
            found: None,
        }))
    }
}

fn sources() -> Vec<Box<dyn PageSource>> {
    vec![
        Box::new(Listed(vec![9, 5, 1].into_iter())),
        Box::new(Listed(vec![8, 5, 2].into_iter())),
        Box::new(Listed(Vec::new().into_iter())),
    ]
}

fn check(examined_max: u64, examined: u64, next: Option<i64>) {
    let page =
        page(sources(), 10, examined_max, &QueryControl::default()).expect("no source fails");
    assert_eq!(page.examined, examined);
    assert_eq!(page.next.map(|key| key.t0.0), next);
}

#[test]
fn page_of_several_sources_ends_at_its_bound_but_not_between_equal_keys() {
    check(1, 1, Some(9));
    check(2, 2, Some(8));
    check(3, 4, Some(5));
    check(5, 5, Some(2));
    check(6, 6, None);
    check(100, 6, None);
}

#[test]
fn page_of_a_cancelled_query_is_refused() {
    let control = QueryControl::default();
    control.cancel();
    assert!(page(sources(), 10, 10, &control).is_err());
}

/// Fails when touched; says that nothing of it is newer than 4.
struct Untouchable;

impl PageSource for Untouchable {
    fn next(&mut self, _: &QueryControl) -> Result<Option<Examined>, StoreError> {
        Err(StoreError::new(
            crate::source::ErrorKind::Internal,
            "touched",
        ))
    }

    fn newest(&self) -> PageKey {
        PageKey {
            t0: UnixNanos(4),
            trace_id: TraceId::from_bytes([0xff; 16]),
        }
    }
}

#[test]
fn source_is_not_touched_before_the_page_comes_down_to_it() {
    let with_untouchable = || {
        let mut sources = sources();
        sources.push(Box::new(Untouchable));
        sources
    };
    let control = QueryControl::default();
    assert!(page(with_untouchable(), 10, 2, &control).is_ok());
    assert!(page(with_untouchable(), 10, 10, &control).is_err());
}
