//! What more cores than this machine has would give: a simulation from kernels measured on one core.
//!
//! A batch of `b` images and `n` lanes has `n ceil(b / samples)` units of work, packs of a lane. With more threads than units a team of
//! threads shares each kernel of its pack. The model: units in rounds over the threads; a kernel of `t` seconds that can be cut in
//! `p` parts takes `t / min(team, p)` and `ceil(log2(min(team, p)))` hand-overs; after the units a lane's update, shared alike.
//! Memory bandwidth, clock rates under load and sockets are not in it.

use std::fmt;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::kernels::NetworkKernels;
use super::statistics::fastest;

/// Bytes a second that an update reads and writes, from a second-level cache: 32 bytes a nanosecond.
const UPDATE_BYTES_PER_SECOND: f64 = 32e9;

/// What a number of threads would give.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Point {
    /// Threads.
    pub threads: usize,
    /// Threads that share each kernel of a pack.
    pub team: usize,
    /// Microseconds of a batch.
    pub microseconds: f64,
    /// Against one thread.
    pub speedup: f64,
}

/// One network and number of lanes.
#[derive(Clone, Debug, Serialize)]
pub struct Scaling {
    /// The network.
    pub network: &'static str,
    /// Lanes, 1 for plain data.
    pub lanes: usize,
    /// Images of a batch.
    pub batch: usize,
    /// Units of work of a batch: packs of a lane.
    pub units: usize,
    /// For 1, 2, 4, .. threads.
    pub points: Vec<Point>,
}

/// Microseconds that it takes to hand work to another thread and to wait for it, measured on the current rayon pool.
#[must_use]
pub fn hand_over(budget: Duration) -> f64 {
    let work = || {
        // Long enough that the other thread takes its half.
        let start = Instant::now();
        while start.elapsed() < Duration::from_micros(50) {
            std::hint::spin_loop();
        }
    };
    let alone = fastest(budget, work);
    let joined = fastest(budget, || {
        rayon::join(work, work);
    });
    ((joined - alone) * 1e6).max(0.0)
}

/// Simulates training steps of a network whose kernels were measured.
#[must_use]
pub fn simulate(
    kernels: &NetworkKernels,
    parameters: usize,
    lanes: usize,
    batch: usize,
    hand_over: f64,
) -> Scaling {
    let packs = batch.div_ceil(kernels.samples);
    let units = lanes * packs;
    // Read and cleared for each pack, read and written once.
    let update = (parameters * 4 * (2 * packs + 2)) as f64 / UPDATE_BYTES_PER_SECOND * 1e6;
    let shared = |microseconds: f64, team: usize| {
        microseconds / team as f64 + f64::from(team.next_power_of_two().ilog2()) * hand_over
    };
    let unit = |team: usize| -> f64 {
        let stages = kernels.stages.iter().enumerate();
        stages
            .map(|(index, stage)| {
                let mut times = [
                    stage.forward_kept.microseconds,
                    stage.activation_gradient.microseconds,
                    stage.weight_gradient.microseconds,
                    stage.input_gradient.microseconds,
                ];
                if index == 0 {
                    times[3] = 0.0;
                }
                times
                    .iter()
                    .zip(stage.shares)
                    .map(|(time, parts)| shared(*time, team.min(parts)))
                    .sum::<f64>()
            })
            .sum()
    };
    let time = |threads: usize| {
        let team = (threads / units).max(1);
        let rounds = units.div_ceil(threads) as f64;
        let (updates, update_team) =
            if threads < lanes { (lanes.div_ceil(threads), 1) } else { (1, threads / lanes) };
        (team, rounds * unit(team) + updates as f64 * shared(update, update_team))
    };
    let alone = time(1).1;
    let points = (0..7).map(|power| {
        let threads = 1 << power;
        let (team, microseconds) = time(threads);
        Point { threads, team, microseconds, speedup: alone / microseconds }
    });
    Scaling { network: kernels.network, lanes, batch, units, points: points.collect() }
}

impl fmt::Display for Scaling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{}, {}, batch {}: {} units of work\n{:>8}{:>8}{:>16}{:>10}",
            self.network,
            if self.lanes == 1 { "plain".to_owned() } else { format!("{} lanes", self.lanes) },
            self.batch,
            self.units,
            "threads",
            "team",
            "us a batch",
            "speedup"
        )?;
        for point in &self.points {
            writeln!(
                f,
                "{:8}{:8}{:16.1}{:10.1}",
                point.threads, point.team, point.microseconds, point.speedup
            )?;
        }
        Ok(())
    }
}
