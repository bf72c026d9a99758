//! The two networks of Vizitiu et al., "Towards Privacy-Preserving Deep Learning based Medical Imaging Applications",
//! 2019.

use crate::Layer::{Sigmoid, Tanh};
use crate::{Network, Shape, avg_pool, conv, dense, dropout};

/// The paper's network for handwritten digits: 28 x 28 images, ten classes.
pub const MNIST: Network<'static> = Network::new(
    Shape::new(1, 28, 28),
    &[conv(8, 3), Sigmoid, avg_pool(2), conv(16, 3), Sigmoid, avg_pool(2), dense(100), Sigmoid, dense(10)],
);

/// The paper's network for coronary angiograms: 256 x 256 images, left or right coronary artery.
pub const ANGIOGRAPHY: Network<'static> = Network::new(
    Shape::new(1, 256, 256),
    &[
        conv(4, 3),
        Sigmoid,
        avg_pool(2),
        conv(8, 3),
        Tanh,
        avg_pool(2),
        conv(16, 3),
        Tanh,
        avg_pool(2),
        conv(32, 3),
        Tanh,
        avg_pool(2),
        dense(64),
        Tanh,
        dropout(0.25),
        dense(1),
        Sigmoid,
    ],
);
