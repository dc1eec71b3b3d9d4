//! Independent truth for one digit: coefficients by automatic differentiation in f64, from tests/fixtures/reference.

use std::ops::ControlFlow;

use web_time::Instant;

use super::{Measured, Target, tolerance};
use crate::backend::{Effort, Repeats};
use crate::error::Result;
use crate::expansion::{Job, Request, Terms};
use crate::model::Model;
use crate::rays::Directions;

/// Orders of the stored coefficients.
pub(super) const ORDER: usize = 6;

/// Pixels along which they are stored.
const PIXELS: [usize; 2] = [456, 457];

/// The MNIST CNN at [`DIGIT`] along two pixels, to order 6, compared with the stored coefficients.
pub(super) async fn measure(target: &Target, model: &Model, effort: Effort) -> Result<Measured> {
    let mut rows = vec![0.0; PIXELS.len() * model.inputs()];
    for (ray, &pixel) in PIXELS.iter().enumerate() {
        rows[ray * model.inputs() + pixel] = 1.0;
    }
    let request = Request {
        terms: Terms::Along(Directions::Shared { inputs: model.inputs(), rows }),
        precision: target.precision,
        device: target.device.clone(),
        ..Request::new(digit(), ORDER)
    };
    let job = Job::new(model, &request)?;
    let found = job.collect_async(&|_| ControlFlow::Continue(())).await?.coefficients;
    let mut runs = Repeats::new(effort);
    while runs.due() {
        let started = Instant::now();
        std::hint::black_box(job.collect_async(&|_| ControlFlow::Continue(())).await?);
        runs.note(started.elapsed().as_secs_f64());
    }
    Ok(Measured {
        seconds: runs.spread(),
        per_run: 1.0,
        flops: job.flops(),
        bytes: None,
        deviation: deviation(&found),
        tolerance: tolerance(target),
        reduced: None,
        kernels: Vec::new(),
        on_device: false,
    })
}

/// The digit's brightness, 0 to 1.
fn digit() -> Vec<f64> {
    let byte = |pair: &[u8]| {
        let nibble = |c: u8| f64::from(if c.is_ascii_digit() { c - b'0' } else { c - b'a' + 10 });
        (16.0 * nibble(pair[0]) + nibble(pair[1])) / 255.0
    };
    DIGIT.iter().flat_map(|row| row.as_bytes().chunks_exact(2).map(byte)).collect()
}

/// Largest relative deviation of an order, as a norm over outputs and pixels. `found`: `[outputs, orders, pixels]`.
fn deviation(found: &[f64]) -> f64 {
    let order = |k: usize| {
        let (mut difference, mut norm) = (0.0f64, 0.0f64);
        for (found, truth) in found.chunks_exact(ORDER * PIXELS.len()).zip(&TRUTH) {
            for (ray, truth) in truth[k].iter().enumerate() {
                difference = difference.hypot(found[k * PIXELS.len() + ray] - truth);
                norm = norm.hypot(*truth);
            }
        }
        difference / norm
    };
    (0..ORDER).map(order).fold(0.0, f64::max)
}

/// A test digit, two hexadecimal figures for each pixel.
#[rustfmt::skip]
const DIGIT: [&str; 28] = [
    "00000000000000000000000000000000000000000000000000000000",
    "00000000000000000000000000000000000000000000000000000000",
    "00000000000000000000000000000000000000000000000000000000",
    "00000000000000000000000000000000000000000000000000000000",
    "00000000000000000000000000000000000000000000000000000000",
    "00000000000000000000000000000000000000000000000000000000",
    "00000000000000000000000000000000000000000000000000000000",
    "00000000000054b99f973c2400000000000000000000000000000000",
    "000000000000defefefefef1c6c6c6c6c6c6c6c6aa34000000000000",
    "00000000000043724872a3e3fee1fefefefae5fefe8c000000000000",
    "000000000000000000000011420e4343433b15ecfe6a000000000000",
    "00000000000000000000000000000000000053fdd112000000000000",
    "000000000000000000000000000000000016e9ff5300000000000000",
    "000000000000000000000000000000000081feee2c00000000000000",
    "000000000000000000000000000000003bf9fe3e0000000000000000",
    "0000000000000000000000000000000085febb050000000000000000",
    "00000000000000000000000000000009cdf83a000000000000000000",
    "0000000000000000000000000000007efeb600000000000000000000",
    "00000000000000000000000000004bfbf03900000000000000000000",
    "0000000000000000000000000013ddfea60000000000000000000000",
    "00000000000000000000000003cbfedb230000000000000000000000",
    "00000000000000000000000026fefe4d000000000000000000000000",
    "00000000000000000000001fe0fe7301000000000000000000000000",
    "000000000000000000000085fefe3400000000000000000000000000",
    "000000000000000000003df2fefe3400000000000000000000000000",
    "0000000000000000000079fefedb2800000000000000000000000000",
    "0000000000000000000079fecf120000000000000000000000000000",
    "00000000000000000000000000000000000000000000000000000000",
];

/// Coefficients of each logit, orders 1 to 6, along both pixels.
#[rustfmt::skip]
#[allow(clippy::excessive_precision)]
const TRUTH: [[[f64; 2]; ORDER]; 10] = [
    [
        [0.35130404863087994, 0.28112176147005824],
        [0.08938954932804806, 0.07382818020783738],
        [-0.02407432362840253, -0.01633831229589089],
        [-0.014686737001008043, -0.011127873268054388],
        [0.001721185645689665, 0.0014034676599511506],
        [0.003070167259025605, 0.0019509441127588498],
    ],
    [
        [-0.2048582638877247, -0.18094741966903338],
        [-0.049360523272142465, -0.039555716882807644],
        [0.027651258151730196, 0.016317131383403113],
        [0.008741109844825129, 0.0048986353810400824],
        [-0.005102583101415538, -0.003176280159110614],
        [-0.0027734229203049644, -0.0011969961982157087],
    ],
    [
        [-0.35831514500165423, -0.29099533857721477],
        [-0.09060109237080154, -0.07823336892434071],
        [0.039861181826565624, 0.030248963721486076],
        [0.017907376557335875, 0.013325787242364887],
        [-0.0041750356368534195, -0.003094257949361067],
        [-0.004003138110153142, -0.0024367612262612593],
    ],
    [
        [0.24199827933043766, 0.22998317834394316],
        [0.00016168435706385254, 0.011026750366508775],
        [-0.03985321376398306, -0.025760871524257843],
        [-0.00760192018845629, -0.005570598170374199],
        [0.005893091887503581, 0.003403507222002405],
        [0.0029979848484640477, 0.0014438653092717767],
    ],
    [
        [0.1356768613568367, 0.08757863877065222],
        [0.05153495184560646, 0.041771359153215934],
        [-0.011391592047776766, 0.0005906726980686544],
        [-0.008085661505473069, -0.006022656866621491],
        [0.001897041425866448, -0.0004908320479376741],
        [0.002223239816445102, 0.0012591289613837983],
    ],
    [
        [0.44280325848289515, 0.32942551930006037],
        [0.04788152478358166, 0.049595768300973724],
        [-0.049212561191924645, -0.03143557498432449],
        [-0.024963516484165997, -0.01564498404081593],
        [0.006048669445969663, 0.0032855918296134956],
        [0.007491560730165789, 0.003865046631487239],
    ],
    [
        [-0.22226894156142385, -0.12975019873718377],
        [-0.022701593219033117, -0.024383227765948916],
        [0.02463814808057802, 0.011029281913284042],
        [0.007693110016794706, 0.005188856850678327],
        [-0.003985818598598776, -0.0010875801887915084],
        [-0.0020777386030196537, -0.0010112849473613446],
    ],
    [
        [-0.13203679962895135, -0.11603330963453257],
        [0.0068005471956810665, -0.005152909347110343],
        [0.021640730100834515, 0.007519886940753449],
        [0.006461426733740341, 0.0039211474562929425],
        [-0.0034830481164414223, -0.0008129712125407407],
        [-0.002981532350124346, -0.001269271626024079],
    ],
    [
        [-0.5731958429976307, -0.4181755249638773],
        [-0.1006954484586893, -0.08893704894051366],
        [0.06967829930463856, 0.045312851843986125],
        [0.029227913334354344, 0.02092624484053247],
        [-0.008350155423048195, -0.004315286865571815],
        [-0.007712755037581233, -0.00438449331066491],
    ],
    [
        [0.43366333438968385, 0.3469685759441238],
        [0.10676441656843251, 0.09234350865902632],
        [-0.05003031177433615, -0.03963006823070655],
        [-0.020884869192480098, -0.014875500417951265],
        [0.005023385236827643, 0.0043848615967495745],
        [0.004497892803906743, 0.00268037166051906],
    ],
];

#[cfg(test)]
mod tests {
    use super::super::networks::mnist_cnn;
    use super::*;
    use crate::{Device, Precision};

    #[test]
    fn the_engine_agrees_and_the_comparison_notices_one_wrong_number() -> Result<()> {
        let target = Target::new(Device::cpu(), Precision::F64);
        let measured =
            pollster::block_on(measure(&target, &mnist_cnn()?, Effort { budget: 0.0, repeats: Some(1) }))?;
        assert!(measured.deviation < 1e-10, "{}", measured.deviation);
        let mut found: Vec<f64> = TRUTH.iter().flatten().flatten().copied().collect();
        assert_eq!(deviation(&found), 0.0);
        found[50] *= 1.1;
        assert!(deviation(&found) > 1e-4);
        Ok(())
    }
}
