//! Tests of `{{ function }}`.

#[path = "../src/{{ function }}.rs"]
mod {{ function }};

use {{ function }}::{{ function }};

#[test]
fn nothing_has_no_run() {
    assert_eq!({{ function }}(&[]), 0);
}

#[test]
fn numbers_that_all_differ_are_runs_of_one() {
    assert_eq!({{ function }}(&[1, 2, 3]), 1);
}

#[test]
fn run_may_be_anywhere() {
    assert_eq!({{ function }}(&[5, 5, 5, 1, 2]), 3, "a run at the beginning");
    assert_eq!({{ function }}(&[1, 5, 5, 5, 2]), 3, "a run in the middle");
    assert_eq!({{ function }}(&[1, 2, 5, 5, 5]), 3, "a run at the end");
}

#[test]
fn equal_numbers_that_are_apart_are_no_run() {
    assert_eq!({{ function }}(&[7, 1, 7, 1, 7]), 1);
}
