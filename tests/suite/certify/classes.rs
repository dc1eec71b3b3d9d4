//! Classes in pieces; progress; the same bits for any number of threads.

use std::ops::ControlFlow;
use std::sync::Mutex;
use std::sync::{Arc, PoisonError};

use super::options;
use super::properties::Network;
use hope::Error;
use hope::certify::{Domain, Options, Verdict, Watch, certify_all, largest, pieces, prove_class};
use hope::random::SplitMix;

fn best(values: &[f64]) -> usize {
    (0..values.len()).fold(0, |best, i| if values[i] > values[best] { i } else { best })
}

/// Pieces prove what the whole doesn't; what is proved is so at many points, and points that refute do.
#[test]
fn more_pieces_decide_more() {
    let mut decided = [0, 0];
    let mut refuted = 0;
    for seed in [1, 5, 9] {
        let network = Network::acas(seed);
        let mut random = SplitMix(seed);
        for _ in 0..4 {
            let centre: Vec<f64> = (0..5).map(|_| random.uniform() - 0.5).collect();
            let class = best(&network.values(&centre));
            for radius in [0.05, 0.3, 1.5] {
                let domain = Domain::ball(&centre, radius).unwrap();
                let point = |random: &mut SplitMix| {
                    centre.iter().map(|x| x + radius * (2.0 * random.uniform() - 1.0)).collect::<Vec<f64>>()
                };
                for (which, pieces) in [1, 200].into_iter().enumerate() {
                    let domains = std::slice::from_ref(&domain);
                    let found = prove_class(&network.model, domains, class, pieces, &options(1)).unwrap();
                    match &found[0] {
                        Verdict::Proved => {
                            let holds = |_| best(&network.values(&point(&mut random))) == class;
                            assert!((0..500).all(holds), "seed {seed}, {centre:?} ± {radius}");
                        }
                        Verdict::Refuted { other, point } => {
                            let values = network.values(point);
                            assert!(values[*other] > values[class]);
                            let near = |(x, c): (&f64, &f64)| (x - c).abs() <= radius * (1.0 + 1e-12);
                            assert!(point.iter().zip(&centre).all(near));
                            refuted += 1;
                        }
                        Verdict::Open { excess, .. } => {
                            assert!(*excess >= 0.0);
                            continue;
                        }
                    }
                    decided[which] += 1;
                }
            }
        }
    }
    assert!(decided[0] + 3 <= decided[1] && refuted >= 2, "{decided:?}, {refuted}");
}

#[test]
fn the_same_bits_for_any_number_of_threads() {
    let network = Network::acas(5);
    let domains: Vec<Domain> =
        [0.05, 0.2, 0.5].map(|radius| Domain::ball(&[0.1, 0.2, -0.1, 0.0, 0.3], radius).unwrap()).to_vec();
    let with = |threads| Options { order: 1, threads: Some(threads), ..Options::default() };
    let all = [1, 2, 5].map(|threads| {
        let options = with(threads);
        let verdicts: Vec<Vec<Verdict>> =
            (0..5).map(|class| prove_class(&network.model, &domains, class, 40, &options).unwrap()).collect();
        let parts = pieces(&network.model, &domains[2], 37, &options).unwrap();
        let plain = certify_all(&network.model, &domains, &options).unwrap();
        let within = largest(&network.model, &domains, 0.05, &options).unwrap();
        let enclosures = parts.into_iter().map(|(_, found)| found).chain(plain).map(Result::unwrap);
        let bits: Vec<u64> = enclosures
            .chain(within.into_iter().flatten())
            .flat_map(|found| [found.domain.middles().to_vec(), found.coefficients, found.radii].concat())
            .map(f64::to_bits)
            .collect();
        (format!("{verdicts:?}"), bits)
    });
    assert!(all[0] == all[1] && all[0] == all[2]);
}

#[test]
fn progress_is_heard_and_may_stop() {
    let network = Network::acas(5);
    let domain = Domain::ball(&[0.0; 5], 0.5).unwrap();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let run = |stop: usize| {
        let kept = heard.clone();
        let watch = Watch::new(move |progress| {
            let mut all = kept.lock().unwrap_or_else(PoisonError::into_inner);
            all.push((progress.done, progress.total));
            if all.len() > stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        pieces(&network.model, &domain, 20, &Options { watch: Some(watch), ..options(1) })
    };
    assert_eq!(run(usize::MAX).unwrap().len(), 20);
    let all = std::mem::take(&mut *heard.lock().unwrap());
    assert!(all.iter().all(|(done, total)| done <= total && *total == 20) && all.last() == Some(&(20, 20)));
    assert!(matches!(run(3), Err(Error::Interrupted)));
}
