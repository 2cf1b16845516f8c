//! Parameters derived from a struct: described, read, and refused in clear sentences.
#![expect(clippy::panic, reason = "a test stops at the first thing that is not so")]

use watchkeeper_plugin::{Failure, Given, Params, Value};

#[derive(Debug, PartialEq, Params)]
struct Everything {
    /// Columns to look at;
    /// all when empty.
    #[param(default)]
    columns: Vec<String>,
    /// Where a score becomes a decision.
    #[param(default = 0.5)]
    threshold: f64,
    /// How many.
    #[param(default = 3)]
    count: i64,
    /// Ways to compare.
    #[param(default = ["psi", "ks"])]
    methods: Vec<String>,
    /// The column with the true class.
    label: String,
    /// The column with the decision.
    decision: Option<String>,
}

fn read(given: &[(&str, Value)]) -> Result<Everything, Failure> {
    let given: Vec<(String, Value)> = given.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    Everything::read(&Given::new(&given))
}

fn refused(given: &[(&str, Value)]) -> String {
    match read(given) {
        Err(Failure::Config(sentence)) => sentence,
        other => panic!("expected a config failure, got {other:?}"),
    }
}

fn label() -> (&'static str, Value) {
    ("label", Value::Text("y".to_owned()))
}

#[test]
fn a_struct_describes_its_parameters() {
    let params = Everything::params();
    let kinds: Vec<_> = params.iter().map(|it| (&*it.kind, it.required)).collect();
    let expected =
        [("texts", false), ("number", false), ("integer", false), ("texts", false), ("text", true), ("text", false)];
    assert_eq!(kinds, expected);
    assert_eq!(params[0].doc, "Columns to look at; all when empty.");
    assert_eq!(params[1].default, Some(Value::Number(0.5)));
    let methods = vec!["psi".to_owned(), "ks".to_owned()];
    assert_eq!(params[3].default, Some(Value::Texts(methods)));
    assert_eq!(params[5].default, None);
}

#[test]
fn defaults_stand_in_for_what_is_not_given() -> Result<(), Failure> {
    let everything = read(&[label()])?;
    assert_eq!(everything.threshold, 0.5);
    assert_eq!(everything.count, 3);
    assert_eq!(everything.methods, ["psi", "ks"]);
    assert_eq!(everything.decision, None);
    Ok(())
}

#[test]
fn an_integer_is_a_number_and_an_empty_list_is_any_list() -> Result<(), Failure> {
    let given = [label(), ("threshold", Value::Integer(1)), ("columns", Value::Numbers(vec![]))];
    let everything = read(&given)?;
    assert_eq!(everything.threshold, 1.0);
    assert!(everything.columns.is_empty());
    Ok(())
}

#[test]
fn a_wrong_kind_names_the_parameter_and_both_kinds() {
    let sentence = refused(&[label(), ("columns", Value::Integer(5))]);
    let expected = "parameter \"columns\": expected a list of texts, got the integer 5";
    assert_eq!(sentence, expected);
}

#[test]
fn an_unknown_name_gets_the_nearest_and_all() {
    let sentence = refused(&[label(), ("colums", Value::Flag(true))]);
    let expected = "there is no parameter \"colums\" (did you mean \"columns\"?); \
         the parameters are columns, threshold, count, methods, label, decision";
    assert_eq!(sentence, expected);
}

#[test]
fn a_missing_parameter_says_what_to_give() {
    assert_eq!(refused(&[]), "parameter \"label\" is missing; give it a text");
}

#[derive(Debug, PartialEq, Params)]
struct Nothing;

#[test]
fn a_check_without_parameters_takes_none() {
    let given = [("columns".to_owned(), Value::Flag(true))];
    let refused = Nothing::read(&Given::new(&given));
    let expected = "there is no parameter \"columns\"; the check takes none";
    assert_eq!(refused, Err(Failure::config(expected)));
    assert!(Nothing::params().is_empty());
}
