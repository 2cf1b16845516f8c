//! Charts, read by parsers of their own: an XML parser for SVG, and the pixels of PNG.
#![expect(clippy::expect_used, reason = "a test stops at the first thing that is not so")]

use resvg::tiny_skia::Pixmap;
use roxmltree::{Document, Node};
use watchkeeper_chart::{PANELS_MAX, Panel, png, svg};
use watchkeeper_model::{Comparison, Labels, Series, Time, Trend, TrendPoint, Verdict};

/// A day's tick and what was found at it.
fn point(day: i64, value: Option<f64>, verdict: Verdict) -> TrendPoint {
    let at = Time::from_timestamp(1_623_715_200 + day * 86_400, 0).expect("a time");
    TrendPoint { at, value, baseline: Some(0.908), verdict }
}

/// An AUC that falls below its limit twice, fails once and has no data once.
fn panel() -> Panel {
    let points = (0..120).map(|day| {
        let value =
            0.8 + 0.15 * (day as f64 / 9.0).sin() - if (40..43).contains(&day) || day == 90 { 0.4 } else { 0.0 };
        match day {
            20 => point(day, None, Verdict::Error),
            60 => point(day, None, Verdict::NoData),
            _ if value < 0.6 => point(day, Some(value), Verdict::Breach),
            _ if value < 0.65 => point(day, Some(value), Verdict::Warn),
            _ => point(day, Some(value), Verdict::Ok),
        }
    });
    let trend = Trend {
        series: Series { metric: "auc".to_owned(), labels: Labels::new() },
        breach: Some(Comparison::Below(0.6)),
        warn: Some(Comparison::Below(0.65)),
        points: points.collect(),
    };
    Panel { title: "loan-auc: auc".to_owned(), trend }
}

fn texts(document: &Document<'_>) -> Vec<String> {
    let texts = document.descendants().filter(|node| node.has_tag_name("text"));
    texts.map(|node| node.text().unwrap_or_default().trim().to_owned()).collect()
}

fn count(document: &Document<'_>, fits: impl Fn(&Node<'_, '_>) -> bool) -> usize {
    document.descendants().filter(fits).count()
}

const RED: Option<&str> = Some("#DC2626");

#[test]
fn a_page_is_svg_that_says_what_it_shows() {
    let drawn = svg("loan-auc, 15 Jun 2021 to 12 Oct 2021", &[panel()]).unwrap();
    let document = Document::parse(&drawn).unwrap();
    assert!(document.root_element().has_tag_name(("http://www.w3.org/2000/svg", "svg")));
    assert_eq!(document.root_element().attribute("width"), Some("960"));
    let said = texts(&document);
    for words in
        ["loan-auc: auc", "breach below 0.6", "warn below 0.65", "baseline 0.908", "21 Jun", "5 Jul", "11 Oct", "0.8"]
    {
        assert!(said.iter().any(|text| text == words), "`{words}` is missing in {said:?}");
    }
    let breaches = panel().trend.points.iter().filter(|point| point.verdict == Verdict::Breach).count();
    assert!(said.iter().any(|text| text.starts_with(&format!("of 120 ticks {breaches} in breach, 1 failed"))));
    let in_the_legend = 1;
    let marked = count(&document, |node| node.has_tag_name("circle") && node.attribute("fill") == RED);
    assert_eq!(marked, breaches + in_the_legend);
    let broken_line =
        count(&document, |node| node.has_tag_name("polyline") && node.attribute("stroke") == Some("#2563EB"));
    assert_eq!(broken_line, 3, "a tick without a value breaks the line");
}

#[test]
fn a_page_carries_its_font_and_dark_colours() {
    let drawn = svg("x", &[panel()]).unwrap();
    let document = Document::parse(&drawn).unwrap();
    let style = document.descendants().find(|node| node.has_tag_name("style")).unwrap().text().unwrap();
    assert!(style.contains("data:font/woff2;base64,d09GMg"), "the font is inside");
    assert!(style.contains("prefers-color-scheme:dark"));
    let colours = document.descendants().flat_map(|node| [node.attribute("fill"), node.attribute("stroke")]);
    for colour in colours.flatten().filter(|colour| *colour != "none") {
        assert!(style.contains(&format!("[fill=\"{colour}\"]")), "{colour} has no dark counterpart");
    }
    let families = document.descendants().filter_map(|node| node.attribute("font-family"));
    assert!(families.collect::<Vec<_>>().iter().all(|family| *family == "Roboto"));
}

#[test]
fn many_series_are_bounded_and_counted() {
    let drawn = svg("many", &vec![panel(); PANELS_MAX + 5]).unwrap();
    let document = Document::parse(&drawn).unwrap();
    assert_eq!(texts(&document).iter().filter(|text| *text == "loan-auc: auc").count(), PANELS_MAX);
    assert!(texts(&document).contains(&"and 5 more series".to_owned()));
}

#[test]
fn what_a_label_says_stays_text() {
    let mut hostile = panel();
    hostile.title = "psi{column=\"<script>alert(1)</script> & ]]> \u{0}\u{1b}[2J\r\n\"}".to_owned();
    let drawn = svg(&hostile.title, std::slice::from_ref(&hostile)).unwrap();
    let document = Document::parse(&drawn).unwrap();
    assert_eq!(count(&document, |node| node.has_tag_name("script")), 0);
    assert!(texts(&document).iter().any(|text| text.contains("<script>alert(1)</script> & ]]>")));
    assert!(png(&hostile).is_ok());
}

#[test]
fn whatever_was_measured_can_be_drawn() {
    let odd = [
        vec![],
        vec![point(0, Some(1.0), Verdict::Ok)],
        vec![point(0, None, Verdict::Error)],
        vec![point(0, Some(f64::MAX), Verdict::Ok), point(1, Some(-f64::MAX), Verdict::Ok)],
        vec![point(0, Some(0.0), Verdict::Ok), point(0, Some(0.0), Verdict::Ok)],
        vec![point(0, Some(f64::NAN), Verdict::Ok), point(40_000, Some(f64::INFINITY), Verdict::Breach)],
        vec![point(0, Some(5e-324), Verdict::Ok), point(1, Some(1e-300), Verdict::Ok)],
    ];
    for points in odd {
        let mut panel = panel();
        panel.trend.points = points;
        let drawn = svg("odd", std::slice::from_ref(&panel)).unwrap();
        Document::parse(&drawn).unwrap();
        png(&panel).unwrap();
    }
}

/// How many pixels are near a colour.
fn pixels(picture: &Pixmap, red: u8, green: u8, blue: u8) -> usize {
    let near = |a: u8, b: u8| a.abs_diff(b) < 12;
    let fits = picture.pixels().iter().filter(|p| near(p.red(), red) && near(p.green(), green) && near(p.blue(), blue));
    fits.count()
}

#[test]
fn a_picture_shows_values_breaches_and_words_without_any_font_of_the_machine() {
    let bytes = png(&panel()).unwrap();
    assert!(bytes.starts_with(b"\x89PNG\r\n\x1a\n"));
    assert!(bytes.len() < 150_000, "{} bytes are too many for a mail", bytes.len());
    let picture = Pixmap::decode_png(&bytes).unwrap();
    assert_eq!((picture.width(), picture.height()), (1280, 440));
    assert!(pixels(&picture, 0x25, 0x63, 0xEB) > 1000, "the values");
    assert!(pixels(&picture, 0xDC, 0x26, 0x26) > 500, "breaches and their limit");
    assert!(pixels(&picture, 0x1F, 0x29, 0x37) > 100, "the title");
}
