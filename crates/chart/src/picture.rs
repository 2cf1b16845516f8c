//! A small picture of one series as PNG: what every mail client shows, unlike SVG.

use std::sync::Arc;

use resvg::{
    render,
    tiny_skia::{Pixmap, Transform},
    usvg::{Options, Tree, fontdb::Database},
};

use crate::{
    ChartError, Panel,
    page::drawing,
    palette::PAPER,
    panel::{self, FONT},
};

/// A subset of Roboto for drawing on this machine, which may have no fonts.
const FONT_DATA: &[u8] = include_bytes!("../font/roboto.ttf");
/// The size at which a mail shows it, in points.
pub(crate) const SIZE: (i32, i32) = (640, 220);
/// Pixels a point, for screens that have two.
const PIXELS: f32 = 2.0;

/// Draws one series, 640 by 220 points at two pixels each.
///
/// # Errors
/// When the drawing fails, which is a defect.
pub fn png(panel: &Panel) -> Result<Vec<u8>, ChartError> {
    let svg = drawing(SIZE, |page| {
        page.fill(&PAPER).map_err(ChartError::of)?;
        panel::draw(page, panel)
    })?;
    let mut fonts = Database::new();
    fonts.load_font_data(FONT_DATA.to_vec());
    let options = Options { font_family: FONT.to_owned(), fontdb: Arc::new(fonts), ..Options::default() };
    let tree = Tree::from_str(&svg, &options).map_err(ChartError::of)?;
    let size = tree.size().to_int_size().scale_by(PIXELS);
    let size = size.ok_or_else(|| ChartError::of("it has no size"))?;
    let mut pixels = Pixmap::new(size.width(), size.height()).ok_or_else(|| ChartError::of("it has no size"))?;
    render(&tree, Transform::from_scale(PIXELS, PIXELS), &mut pixels.as_mut());
    pixels.encode_png().map_err(ChartError::of)
}
