//! The plot of a training's course.

use plotters::coord::Shift;
use plotters::prelude::*;

use super::{Curve, Series};
use crate::error::{Error, Kind};

const SIZE: (u32, u32) = (900, 700);
const FONT: &str = "sans-serif";

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type DrawingError<'a> = DrawingAreaErrorKind<<SVGBackend<'a> as DrawingBackend>::ErrorType>;

/// A line of a panel: its name, a value an epoch, and its width.
type Line = (String, Vec<f64>, u32);

/// The width of the first curve where there are several: one that covers it leaves its edges to be seen.
const WIDE: u32 = 7;
const NARROW: u32 = 2;

/// The accuracies of all curves, as the paper's figure 3, and below them the losses.
///
/// # Errors
/// [`Kind::Io`] where the plot cannot be drawn.
pub fn svg(curves: &[Curve]) -> Result<String, Error> {
    let lines = |values: &dyn Fn(&Series) -> Option<Vec<f64>>| -> Vec<Line> {
        let named = |(index, curve): (usize, &Curve)| {
            let width = if index == 0 && curves.len() > 1 { WIDE } else { NARROW };
            let name = |series: &Series| match curves.len() {
                1 => series.part.clone(),
                _ => format!("{}, {}", curve.name, series.part),
            };
            let line = |series: &Series| values(series).map(|values| (name(series), values, width));
            curve.series.iter().filter_map(line).collect::<Vec<_>>()
        };
        curves.iter().enumerate().flat_map(named).collect()
    };
    let percent = |values: &Vec<f64>| values.iter().map(|value| 100.0 * value).collect();
    let panels = [
        ("accuracy in %", lines(&|series| series.accuracy.as_ref().map(percent))),
        ("loss", lines(&|series| Some(series.loss.clone()))),
    ];
    let panels: Vec<_> = panels.iter().filter(|(_, lines)| !lines.is_empty()).collect();
    let mut text = String::new();
    let failed =
        |error: &dyn std::fmt::Display| Error::new(Kind::Io, format!("the plot cannot be drawn: {error}"));
    {
        let root = SVGBackend::with_string(&mut text, SIZE).into_drawing_area();
        root.fill(&WHITE).map_err(|error| failed(&error))?;
        for (area, (measure, lines)) in root.split_evenly((panels.len(), 1)).iter().zip(panels) {
            panel(area, measure, lines).map_err(|error| failed(&error))?;
        }
        root.present().map_err(|error| failed(&error))?;
    }
    Ok(text)
}

fn panel<'a>(area: &Area<'a>, measure: &str, lines: &[Line]) -> Result<(), DrawingError<'a>> {
    let values = || lines.iter().flat_map(|(_, values, _)| values.iter().copied());
    let (low, high) = values()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    // Room at both ends, also where all values are one.
    let room = (0.05 * (high - low)).max(0.01 * high.abs()).max(1e-9);
    let epochs = lines.iter().map(|(_, values, _)| values.len()).max().unwrap_or(1);
    let x = 0.5..epochs as f64 + 0.5;
    let mut chart = ChartBuilder::on(area)
        .margin(12)
        .x_label_area_size(38)
        .y_label_area_size(64)
        .build_cartesian_2d(x, low - room..high + room)?;
    chart
        .configure_mesh()
        .x_desc("epoch")
        .y_desc(measure)
        .x_label_formatter(&|value| format!("{value:.0}"))
        .light_line_style(TRANSPARENT)
        .label_style((FONT, 13))
        .draw()?;
    for (index, (name, values, width)) in lines.iter().enumerate() {
        let colour = Palette99::pick(index).mix(if *width == WIDE { 0.5 } else { 1.0 });
        let points = || values.iter().enumerate().map(|(epoch, value)| (epoch as f64 + 1.0, *value));
        chart
            .draw_series(LineSeries::new(points(), colour.stroke_width(*width)))?
            .label(name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(*width)));
        chart.draw_series(points().map(|point| Circle::new(point, 3, colour.filled())))?;
    }
    let position =
        if measure == "loss" { SeriesLabelPosition::UpperRight } else { SeriesLabelPosition::LowerRight };
    chart
        .configure_series_labels()
        .position(position)
        .background_style(WHITE.mix(0.8))
        .border_style(BLACK.mix(0.3))
        .label_font((FONT, 13))
        .draw()
}
