//! Colours, light and dark. In SVG the dark ones take their place by style when the reader's screen is dark.

use plotters::style::RGBColor;

/// Behind everything.
pub(crate) const PAPER: RGBColor = RGBColor(0xFF, 0xFF, 0xFE);
/// Titles.
pub(crate) const INK: RGBColor = RGBColor(0x1F, 0x29, 0x37);
/// Labels of the axes.
pub(crate) const MUTED: RGBColor = RGBColor(0x5B, 0x64, 0x70);
/// Lines across the plot.
pub(crate) const GRID: RGBColor = RGBColor(0xE5, 0xE7, 0xEB);
/// The values.
pub(crate) const VALUE: RGBColor = RGBColor(0x25, 0x63, 0xEB);
/// Breaches and their limit.
pub(crate) const BREACH: RGBColor = RGBColor(0xDC, 0x26, 0x26);
/// Warnings and their limit.
pub(crate) const WARN: RGBColor = RGBColor(0xB4, 0x53, 0x09);
/// The baseline.
pub(crate) const BASELINE: RGBColor = RGBColor(0x6D, 0x28, 0xD9);

/// Each colour and what it is on a dark screen.
const DARK: [(RGBColor, &str); 8] = [
    (PAPER, "#111827"),
    (INK, "#F3F4F6"),
    (MUTED, "#A3ABB8"),
    (GRID, "#2B3546"),
    (VALUE, "#6EA8FE"),
    (BREACH, "#F87171"),
    (WARN, "#FBBF24"),
    (BASELINE, "#C4B5FD"),
];

/// The style sheet that a page carries: its font, and the dark colours.
pub(crate) fn style_sheet(font_base64: &str) -> String {
    let mut dark = String::new();
    for (RGBColor(red, green, blue), on_dark) in DARK {
        let light = format!("#{red:02X}{green:02X}{blue:02X}");
        dark += &format!("[fill=\"{light}\"]{{fill:{on_dark}}}[stroke=\"{light}\"]{{stroke:{on_dark}}}");
    }
    format!(
        "@font-face{{font-family:Roboto;src:url(data:font/woff2;base64,{font_base64})format(\"woff2\")}}\
         polyline{{stroke-linejoin:round;stroke-linecap:round}}\
         @media(prefers-color-scheme:dark){{{dark}}}"
    )
}
