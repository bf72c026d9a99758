//! The plot of growth.

use plotters::prelude::*;

use super::{Axis, Report, Series};
use crate::error::{Error, Kind};

const SIZE: (u32, u32) = (1200, 900);
const FONT: &str = "sans-serif";

/// One panel an axis, both scales logarithmic: what is linear is a line of slope 1.
pub(super) fn svg(report: &Report) -> Result<String, Error> {
    let mut text = String::new();
    let failed =
        |error: &dyn std::fmt::Display| Error::new(Kind::Io, format!("the plot cannot be drawn: {error}"));
    {
        let root = SVGBackend::with_string(&mut text, SIZE).into_drawing_area();
        root.fill(&WHITE).map_err(|error| failed(&error))?;
        for (axis, area) in Axis::ALL.into_iter().zip(root.split_evenly((2, 2))) {
            let series: Vec<&Series> = report.along(axis).collect();
            panel(&area, axis, &series).map_err(|error| failed(&error))?;
        }
        root.present().map_err(|error| failed(&error))?;
    }
    Ok(text)
}

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;
type DrawingError<'a> = DrawingAreaErrorKind<<SVGBackend<'a> as DrawingBackend>::ErrorType>;

fn panel<'a>(area: &Area<'a>, axis: Axis, series: &[&Series]) -> Result<(), DrawingError<'a>> {
    let points = || series.iter().flat_map(|series| &series.points);
    let range = |values: &mut dyn Iterator<Item = f64>| {
        let (low, high) =
            values.fold((f64::INFINITY, 0.0_f64), |(low, high), value| (low.min(value), high.max(value)));
        // Room at both ends, also where there is but one value.
        low / 1.3..high * 1.3
    };
    if points().next().is_none() {
        return Ok(());
    }
    let x = range(&mut points().map(|point| point.size as f64));
    let y = range(&mut points().map(|point| point.seconds));
    let sizes = series[0].points.iter().map(|point| point.size as f64).collect();
    let (size, seconds) = axis.names();
    let mut chart =
        ChartBuilder::on(area).margin(15).x_label_area_size(40).y_label_area_size(70).build_cartesian_2d(
            x.log_scale().with_key_points(sizes),
            y.clone().log_scale().with_key_points(decades(&y)),
        )?;
    chart
        .configure_mesh()
        .x_desc(size)
        .y_desc(seconds)
        .light_line_style(TRANSPARENT)
        .y_label_formatter(&|value| format!("{value:.0e}"))
        .label_style((FONT, 13))
        .draw()?;
    for (index, series) in series.iter().enumerate() {
        let colour = Palette99::pick(index).to_rgba();
        let points = || series.points.iter().map(|point| (point.size as f64, point.seconds));
        chart
            .draw_series(LineSeries::new(points(), colour.stroke_width(2)))?
            .label(format!("{}, {}: exponent {:.2}", series.operation, series.engine, series.exponent))
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2)));
        chart.draw_series(points().map(|point| Circle::new(point, 3, colour.filled())))?;
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::LowerRight)
        .background_style(WHITE.mix(0.8))
        .border_style(BLACK.mix(0.3))
        .label_font((FONT, 12))
        .draw()
}

/// 1, 2 and 5 times the powers of ten in a range.
fn decades(range: &std::ops::Range<f64>) -> Vec<f64> {
    let exponents = range.start.log10().floor() as i32..=range.end.log10().ceil() as i32;
    let marks = exponents.flat_map(|exponent| [1.0, 2.0, 5.0].map(|mark| mark * 10_f64.powi(exponent)));
    marks.filter(|mark| range.contains(mark)).collect()
}

#[cfg(test)]
mod tests {
    use super::decades;

    #[test]
    fn marks_lie_in_the_range() {
        assert_eq!(decades(&(0.15..21.0)), [0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0]);
        assert!(decades(&(3.0..4.0)).is_empty());
    }
}
