//! Frozen baselines and stored numbers: every bit comes back.

use serde_json::{Value, json};
use watchkeeper_engine::{
    BaselineDigest, Fingerprint, FrameDigest, KeptBaseline, MeasuredBaseline,
    ports::{
        baseline::Spread,
        frame::{Aggregate, Answer, Column, Field, FieldKind, Span, Values},
        store::{CheckRecord, LedgerRow, Store as _},
    },
};
use watchkeeper_model::{Labels, Time, Verdict};

use crate::fixture::{at, name};

/// Numbers that a careless way through decimal digits changes.
const HARD: [f64; 9] = [
    0.1 + 0.2,
    1.0 / 3.0,
    5e-324,
    2.225_073_858_507_201e-308,
    f64::MAX,
    -0.0,
    9_007_199_254_740_993.0,
    0.907_941_517_903_471_6,
    8.41e21,
];

fn kept(frozen_at: Time, values: &[f64]) -> KeptBaseline {
    let answers = values.iter().zip(0_u32..).map(|(value, index)| {
        (Aggregate::Quantile("income".to_owned(), 1.0 / f64::from(index + 2)), Answer::Number(Some(*value)))
    });
    let field =
        Field { name: "income".to_owned(), kind: FieldKind::Number, data_type: "Float64".to_owned(), nullable: true };
    let frame = FrameDigest {
        fields: vec![field],
        time_column: Some("at".to_owned()),
        answers: answers.collect(),
        spreads: vec![("income".to_owned(), Spread::Values(vec![(0.5, 3)]))],
        queries: vec![("SELECT 1".to_owned(), FrameDigest::default())],
        scans: vec![(
            vec!["income".to_owned()],
            vec![vec![Column { values: Values::Numbers(values.to_vec()), validity: Some(vec![5]) }]],
        )],
        unkept: vec![vec!["id".to_owned()]],
    };
    let fingerprint = Fingerprint {
        source: name("training"),
        span: Span { start: Some(at(0)), end: None },
        rows: 5832,
        identity: Some("files".to_owned()),
        content: "c".repeat(64),
    };
    let values = values.iter().map(|value| ("psi".to_owned(), Labels::new(), *value)).collect();
    let measured = Some(MeasuredBaseline { with: "w".repeat(64), values });
    let digest = BaselineDigest { fingerprint, frame, measured };
    KeptBaseline { monitor: name("loan-drift"), frozen_at, by: "an operator".to_owned(), digest }
}

fn bits(kept: &KeptBaseline) -> Vec<u64> {
    let number = |answer: &Answer| if let Answer::Number(value) = answer { *value } else { None };
    let answers = kept.digest.frame.answers.iter().filter_map(|(_, answer)| number(answer)).map(f64::to_bits);
    let measured = kept.digest.measured.iter().flat_map(|measured| &measured.values).map(|(_, _, v)| v.to_bits());
    answers.chain(measured).collect()
}

#[tokio::test]
async fn a_frozen_baseline_comes_back_bit_for_bit() {
    let store = crate::common::store().await;
    let monitor = name("loan-drift");
    assert_eq!(store.baseline_frozen_at(&monitor).await.unwrap(), None);
    assert_eq!(store.baseline(&monitor).await.unwrap(), None);

    let first = kept(at(0), &HARD);
    store.keep_baseline(&first, &[]).await.unwrap();
    assert_eq!(store.baseline(&monitor).await.unwrap().as_ref(), Some(&first));
    assert_eq!(store.baselines().await.unwrap(), std::slice::from_ref(&first));
    assert_eq!(bits(&store.baseline(&monitor).await.unwrap().unwrap()), bits(&first));
    assert_eq!(bits(&first).len(), 2 * HARD.len());

    let odd = kept(at(9), &[f64::NAN, -f64::NAN, f64::INFINITY, f64::NEG_INFINITY]);
    store.keep_baseline(&odd, &[]).await.unwrap();
    assert_eq!(bits(&store.baseline(&monitor).await.unwrap().unwrap()), bits(&odd), "what is no number as well");
    assert_eq!(store.baseline_frozen_at(&monitor).await.unwrap(), Some(at(9)));
}

#[tokio::test]
async fn freezing_anew_is_seen_even_at_the_same_instant_and_is_in_the_ledger() {
    let store = crate::common::store().await;
    let row = LedgerRow { kind: "baseline.frozen", subject: "loan-drift".to_owned(), body: json!({ "rows": 5832 }) };
    store.keep_baseline(&kept(at(0), &HARD), std::slice::from_ref(&row)).await.unwrap();
    let before = store.baseline_frozen_at(&name("loan-drift")).await.unwrap();
    store.keep_baseline(&kept(at(0), &[1.0]), &[]).await.unwrap();
    assert_ne!(store.baseline_frozen_at(&name("loan-drift")).await.unwrap(), before);
    let ledger = store.ledger(1, 10).await.unwrap();
    assert_eq!(ledger.iter().map(|entry| entry.kind.as_str()).collect::<Vec<_>>(), ["baseline.frozen"]);
    store.verify_ledger(None).await.unwrap();
}

#[tokio::test]
async fn measurements_kept_as_json_come_back_bit_for_bit() {
    let store = crate::common::store().await;
    let (monitor, now) = (name("loan-drift"), at(5));
    let series =
        |value: &f64| json!({ "metric": "psi", "labels": {}, "value": value, "baseline": value, "verdict": "ok" });
    let series: Vec<Value> = HARD.iter().map(series).collect();
    let claim = store.claim(&monitor, now, now).await.unwrap().unwrap();
    let record = CheckRecord {
        newest: store.groups(&claim.monitor).await.unwrap().newest,
        verdict: Verdict::Ok,
        evaluation: json!({ "monitor": monitor, "at": now, "verdict": "ok", "series": series }),
        states: Vec::new(),
        incidents: Vec::new(),
        steps: Vec::new(),
        messages: Vec::new(),
        resolved: Vec::new(),
        going_on: Vec::new(),
        ledger: Vec::new(),
        at: now,
    };
    store.record_check(&claim, &record).await.unwrap();
    let read = store.evaluation(&monitor, now).await.unwrap().unwrap();
    let ticks = store.past_ticks(&monitor, at(6), 10).await.unwrap();
    for (index, hard) in HARD.iter().enumerate() {
        assert_eq!(read["series"][index]["value"].as_f64().map(f64::to_bits), Some(hard.to_bits()), "{hard:e}");
        assert_eq!(ticks[0].series[index].value.map(f64::to_bits), Some(hard.to_bits()), "{hard:e}");
    }
}

#[tokio::test]
async fn past_ticks_are_the_newest_before_a_time_oldest_first() {
    let store = crate::common::store().await;
    let monitor = name("loan-drift");
    for second in 1..=4 {
        let now = at(second);
        let claim = store.claim(&monitor, now, now).await.unwrap().unwrap();
        let evaluation = json!({ "at": now, "verdict": "ok", "series": [] });
        let record = CheckRecord {
            newest: store.groups(&claim.monitor).await.unwrap().newest,
            verdict: Verdict::Ok,
            evaluation,
            states: Vec::new(),
            incidents: Vec::new(),
            steps: Vec::new(),
            messages: Vec::new(),
            resolved: Vec::new(),
            going_on: Vec::new(),
            ledger: Vec::new(),
            at: now,
        };
        store.record_check(&claim, &record).await.unwrap();
    }
    let times = |ticks: Vec<watchkeeper_engine::ports::store::PastTick>| ticks.iter().map(|t| t.at).collect::<Vec<_>>();
    assert_eq!(times(store.past_ticks(&monitor, at(4), 10).await.unwrap()), [at(1), at(2), at(3)]);
    assert_eq!(times(store.past_ticks(&monitor, at(9), 2).await.unwrap()), [at(3), at(4)]);
}
