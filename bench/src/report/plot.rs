//! Plots as SVG, small enough to be read beside the text.

use std::ops::Range;
use std::path::Path;

use anyhow::anyhow;
use plotters::prelude::*;

const SIZE: (u32, u32) = (720, 380);
const INK: RGBColor = RGBColor(60, 60, 60);
const COLOURS: [RGBColor; 4] = [
    RGBColor(31, 119, 180),
    RGBColor(214, 39, 40),
    RGBColor(44, 160, 44),
    RGBColor(148, 103, 189),
];

/// Points of one kind, joined by a line.
pub(super) struct Line {
    pub(super) name: String,
    pub(super) points: Vec<(f64, f64)>,
}

/// Lines over two axes of powers of ten.
pub(super) fn lines(
    file: &Path,
    title: &str,
    axes: (&str, &str),
    lines: &[Line],
) -> anyhow::Result<()> {
    let points = || lines.iter().flat_map(|line| &line.points);
    let (x, y) = (
        around(points().map(|point| point.0)),
        around(points().map(|point| point.1)),
    );
    let root = SVGBackend::new(file, SIZE).into_drawing_area();
    root.fill(&WHITE).map_err(failed)?;
    let mut chart = ChartBuilder::on(&root)
        .caption(title, ("sans-serif", 18).into_font().color(&INK))
        .margin(12)
        .margin_right(32)
        .x_label_area_size(44)
        .y_label_area_size(76)
        .build_cartesian_2d(x.log_scale(), y.log_scale())
        .map_err(failed)?;
    chart
        .configure_mesh()
        .x_desc(axes.0)
        .y_desc(axes.1)
        .x_label_formatter(&tick)
        .y_label_formatter(&tick)
        .light_line_style(WHITE)
        .label_style(("sans-serif", 13).into_font().color(&INK))
        .draw()
        .map_err(failed)?;
    for (line, colour) in lines.iter().zip(COLOURS.iter().cycle()) {
        chart
            .draw_series(LineSeries::new(line.points.clone(), colour.stroke_width(2)))
            .map_err(failed)?
            .label(&line.name)
            .legend(|(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2)));
        chart
            .draw_series(
                line.points
                    .iter()
                    .map(|point| Circle::new(*point, 4, colour.filled())),
            )
            .map_err(failed)?;
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .background_style(WHITE)
        .label_font(("sans-serif", 13).into_font().color(&INK))
        .draw()
        .map_err(failed)?;
    root.present().map_err(failed)
}

/// Bars from left to right, each with its name and its value; the first is ours.
pub(super) fn bars(file: &Path, title: &str, bars: &[(String, f64)]) -> anyhow::Result<()> {
    const LABEL: i32 = 190;
    const ROW: i32 = 34;
    const TOP: i32 = 44;
    let height = TOP + ROW * i32::try_from(bars.len())? + 12;
    let width = i32::try_from(SIZE.0)?;
    let size = (SIZE.0, u32::try_from(height)?);
    let root = SVGBackend::new(file, size).into_drawing_area();
    root.fill(&WHITE).map_err(failed)?;
    let text = |size: i32| ("sans-serif", size).into_font().color(&INK);
    root.draw(&Text::new(title, (12, 14), text(18)))
        .map_err(failed)?;
    let most = bars
        .iter()
        .map(|bar| bar.1)
        .fold(f64::MIN_POSITIVE, f64::max);
    for (index, (name, value)) in bars.iter().enumerate() {
        let top = TOP + ROW * i32::try_from(index)?;
        let length = f64::from(width - LABEL - 90) * value / most;
        let colour = if index == 0 {
            COLOURS[0]
        } else {
            RGBColor(170, 170, 170)
        };
        let corners = [
            (LABEL, top),
            (LABEL + (length as i32).max(2), top + ROW - 12),
        ];
        root.draw(&Rectangle::new(corners, colour.filled()))
            .map_err(failed)?;
        root.draw(&Text::new(name.as_str(), (12, top + 5), text(14)))
            .map_err(failed)?;
        let value = crate::measure::human(*value);
        root.draw(&Text::new(value, (corners[1].0 + 8, top + 5), text(14)))
            .map_err(failed)?;
    }
    root.present().map_err(failed)
}

/// A power of ten, without digits that say nothing.
fn tick(value: &f64) -> String {
    let text = crate::measure::human(*value);
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

/// A range of powers of ten around positive values.
fn around(values: impl Iterator<Item = f64>) -> Range<f64> {
    let (mut low, mut high) = (f64::MAX, f64::MIN_POSITIVE);
    for value in values.filter(|value| value.is_finite() && *value > 0.0) {
        (low, high) = (low.min(value), high.max(value));
    }
    if low > high {
        return 1.0..10.0;
    }
    let (low, high) = (low / 1.5, high * 1.5);
    10f64.powf(low.log10().floor())..10f64.powf(high.log10().ceil())
}

fn failed(error: impl std::fmt::Display) -> anyhow::Error {
    anyhow!("a plot cannot be drawn: {error}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_end_at_powers_of_ten() {
        let range = around([20.0, 30_000.0].into_iter());
        assert!((range.start - 10.0).abs() < 1e-9 && (range.end - 100_000.0).abs() < 1e-6);
        assert_eq!(around(std::iter::empty()), 1.0..10.0);
    }
}
