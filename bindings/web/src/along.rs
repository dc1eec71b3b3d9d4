//! The network along a direction, and its polynomials: how far they hold.

use hope::backend::Place;
use hope::forward::Forward;
use hope::rays::Directions;
use hope::trust::{MORE_ORDERS, Ray, convergence, polynomial};
use hope::{Job, Request, Terms};
use js_sys::{Array, Function, Object};
use serde::Deserialize;
use wasm_bindgen::prelude::*;

use crate::applications::checked;
use crate::error::{thrown, wrong};
use crate::network::{Network, certified};
use crate::numbers::{array, set};
use crate::run::{Watch, attended};
use crate::wanted::Wanted;

/// Which way to go.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Way {
    output: usize,
    /// From which t to which.
    from: f64,
    to: f64,
    /// How many places on the way are looked at.
    samples: usize,
    /// Largest error of the output that is tolerated.
    tolerance: f64,
}

impl Way {
    fn places(&self) -> Vec<f64> {
        let last = self.samples.saturating_sub(1).max(1) as f64;
        (0..self.samples).map(|i| self.from + (self.to - self.from) * i as f64 / last).collect()
    }
}

/// What comes of it.
struct Found {
    report: hope::Report,
    value: f64,
    /// Of the orders asked for, and of some more, from which errors are estimated.
    coefficients: Vec<f64>,
    kink: f64,
    places: Vec<f64>,
    network: Vec<f64>,
}

#[wasm_bindgen]
impl Network {
    /// An output along a direction, the polynomials of all orders, and how far each can be trusted. `way` and `wanted` are JSON.
    ///
    /// # Errors
    /// As [`Self::expand`].
    pub async fn along(
        &self,
        point: Vec<f64>,
        direction: Vec<f64>,
        way: String,
        wanted: String,
        watch: &Watch,
        pause: Function,
    ) -> Result<Object, JsValue> {
        let way: Way = serde_json::from_str(&way).map_err(|error| wrong(&error))?;
        let mut wanted: Wanted = serde_json::from_str(&wanted).map_err(|error| wrong(&error))?;
        let order = wanted.order;
        wanted.order += MORE_ORDERS;
        let (request, note) = wanted.request(point, Vec::new()).await.map_err(thrown)?;
        let terms =
            Terms::Along(Directions::Shared { inputs: self.model().inputs(), rows: direction.clone() });
        let request = Request { terms, outputs: Some(vec![way.output]), ..request };
        let found = attended(self.go(&request, &direction, way, watch), watch, &pause).await?;

        let result = certified(&found.report, note)?;
        let Found { value, coefficients, kink, places, network, .. } = found;
        let estimate = convergence(&coefficients);
        let ray = Ray { coefficients: &coefficients, convergence: estimate.radius, kink };
        let (mut polynomials, trust) = (Vec::new(), Array::new());
        for k in 1..=order {
            polynomials.extend(places.iter().map(|&t| value + polynomial(&coefficients[..k], t)));
            let (radius, limit) = ray.trust(k, way.tolerance);
            let entry = Object::new();
            set(&entry, "radius", radius)?;
            set(&entry, "limit", limit.name())?;
            trust.push(&entry);
        }
        set(&result, "value", value)?;
        set(&result, "coefficients", array(&coefficients[..order], &[order])?)?;
        set(&result, "kink", kink)?;
        set(&result, "convergence", estimate.radius)?;
        set(&result, "growing", estimate.growing)?;
        set(&result, "trust", trust)?;
        set(&result, "t", array(&places, &[places.len()])?)?;
        set(&result, "network", array(&network, &[places.len()])?)?;
        set(&result, "polynomials", array(&polynomials, &[order, places.len()])?)?;
        Ok(result)
    }
}

impl Network {
    async fn go(&self, request: &Request, direction: &[f64], way: Way, watch: &Watch) -> hope::Result<Found> {
        let job = Job::new(self.model(), request)?;
        let expansion = job.collect_async(&|progress| watch.note(progress)).await?;
        checked(request, &expansion.report)?;
        let places = way.places();
        let at = |t: f64| request.points.iter().zip(direction).map(move |(x, v)| x + t * v);
        let points: Vec<f64> = places.iter().flat_map(|&t| at(t)).collect();
        // In f64, whatever the coefficients are: it is what they are measured by.
        let place = Place { memory: request.memory, ..Place::default() };
        let network = Forward::new(self.model(), Some(&[way.output]), &place)?.run_async(&points).await?;
        let kink = expansion.kinks.first().copied().unwrap_or(f64::INFINITY);
        let value = expansion.value.first().copied().unwrap_or(f64::NAN);
        let (report, coefficients) = (expansion.report, expansion.coefficients);
        Ok(Found { report, value, coefficients, kink, places, network })
    }
}
