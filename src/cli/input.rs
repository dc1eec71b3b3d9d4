//! What the user gives: reference points, directions, a subspace.

use std::path::Path;

use anyhow::{Result, anyhow, bail};

use hope::model::Model;
use hope::npy::{self, Array, NpzReader};
use hope::rays::Directions;

use super::image::{self, Fit, Layout};
use super::text;

/// Reads reference points, `[points, inputs]`: inline numbers, an `.npy` file, or an image.
///
/// # Errors
/// If they don't fit the model.
pub fn points(given: &str, model: &Model) -> Result<Vec<f64>> {
    if let Some(rows) = inline(given) {
        return inline_points(given, &rows, model);
    }
    let path = Path::new(given);
    if !path.exists() && path.extension().is_none() {
        bail!("--at {given}: neither a file nor numbers such as \"0.5,-0.5;0,0\"");
    }
    if image::is_image(path) {
        let layout = Layout::of(model).map_err(|error| anyhow!("{given}: {error}"))?;
        return image::read(path, layout, Fit::Exact);
    }
    if is_archive(path) { archive(path, model) } else { rows(path, model, "point") }
}

/// Shapes of points, `[points, …]`: sizes that the model's file leaves open are theirs.
#[derive(Clone, Debug, Default)]
pub struct Shapes {
    /// Of the only input.
    pub points: Option<Vec<usize>>,
    /// Of inputs by name.
    pub named: Vec<(String, Vec<usize>)>,
}

/// The shapes of what `--at` gives, as far as it tells them.
pub fn shapes_of(at: &[String]) -> Shapes {
    let Some(given) = at.first() else { return Shapes::default() };
    // What is wrong with it is told when it is read.
    if let Some(rows) = inline(given) {
        let points = rows.first().map(|row| vec![rows.len(), row.len()]);
        return Shapes { points, ..Shapes::default() };
    }
    let path = Path::new(given);
    if !is_archive(path) {
        return Shapes { points: npy::shape(path).ok(), ..Shapes::default() };
    }
    let Ok(mut archive) = NpzReader::open(path) else { return Shapes::default() };
    let names = archive.names();
    let named: Vec<_> =
        names.into_iter().filter_map(|name| Some((name.clone(), archive.array(&name).ok()?.shape))).collect();
    let points = if let [(_, shape)] = &named[..] { Some(shape.clone()) } else { None };
    Shapes { points, named }
}

fn is_archive(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("npz"))
}

/// Points of several inputs: an array for each, by its name.
fn archive(path: &Path, model: &Model) -> Result<Vec<f64>> {
    let parts = &model.origin().inputs;
    let mut archive = NpzReader::open(path)?;
    let names = archive.names();
    let file = path.display();
    let (mut columns, mut count) = (Vec::with_capacity(parts.len()), None);
    for part in parts {
        // The only array may have any name.
        let name = match (&names[..], &parts[..]) {
            ([only], [_]) => only,
            _ => &part.name,
        };
        if !archive.has(name) {
            bail!(
                "{file}: there is no array '{name}' in it, but {}: save one for each input",
                names.join(", ")
            );
        }
        let array = archive.array(name).map_err(|error| anyhow!("{file}: {error}"))?;
        let size: usize = part.shape.iter().product(); // of a model that is there
        let Some(points) = samples(&array, &part.shape) else {
            bail!(
                "{file}: the array '{name}' has shape {:?}, but points of this input are {} or {}",
                array.shape,
                shape_text(&["B"], &part.shape),
                shape_text(&["B"], &[size]),
            );
        };
        check_finite(&format!("{file}: array '{name}'"), "point", size, &array.values)?;
        if *count.get_or_insert(points) != points {
            bail!("{file}: the arrays have different numbers of points: '{name}' has {points}");
        }
        columns.push((size, array.values));
    }
    let Some(count) = count else { bail!("{file}: this model's inputs have no names: give points as .npy") };
    let mut rows = Vec::with_capacity(count * model.inputs());
    for point in 0..count {
        columns.iter().for_each(|(size, values)| rows.extend_from_slice(&values[point * size..][..*size]));
    }
    Ok(rows)
}

/// An image with its name, as numbers in the order of the model's input, before normalisation.
#[derive(Clone, Debug, PartialEq)]
pub struct Image {
    pub name: String,
    pub numbers: Vec<f64>,
}

/// Reads images: PNG and JPEG files, one each, and `.npy` arrays with one or many.
///
/// # Errors
/// If a file can't be read, or an image has another size or other colours than the model takes.
pub fn images(path: &Path, model: &Model, layout: Layout, fit: Fit) -> Result<Vec<Image>> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    if image::is_image(path) {
        return Ok(vec![Image { name, numbers: image::read(path, layout, fit)? }]);
    }
    let ending = path.extension().map(|e| e.to_string_lossy().to_ascii_lowercase());
    match ending.as_deref() {
        Some("npy") => {
            let points = rows(path, model, "point")?;
            let all = points.chunks_exact(model.inputs());
            let count = all.len();
            let named = |i| if count == 1 { name.clone() } else { format!("{name}[{i}]") };
            Ok(all.enumerate().map(|(i, x)| Image { name: named(i), numbers: x.to_vec() }).collect())
        }
        _ => bail!("{}: an image is a .png or .jpg file, or an .npy array", path.display()),
    }
}

/// Reads data in the shape of a model's input, `[samples, inputs]`, from an `.npy` file.
///
/// # Errors
/// If they don't fit the model.
pub fn data(path: &Path, model: &Model) -> Result<Vec<f64>> {
    rows(path, model, "sample")
}

/// How many samples of a shape an array holds, one after the other; none if it has another shape than that.
fn samples(array: &Array, shape: &[usize]) -> Option<usize> {
    let size: usize = shape.iter().product(); // of a model that is there
    let count = array.values.len() / size.max(1);
    // Axes of size 1 don't change the order of the numbers: [B, 28, 28] is as good as [B, 1, 28, 28].
    let fits = [[&[count], shape].concat(), vec![count, size]]
        .iter()
        .any(|shape| squeezed(shape) == squeezed(&array.shape));
    Some(count).filter(|&count| count > 0 && count * size == array.values.len() && fits)
}

fn rows(path: &Path, model: &Model, what: &str) -> Result<Vec<f64>> {
    let array = npy::read(path)?;
    let (name, inputs) = (path.display(), model.inputs());
    if samples(&array, model.input_shape()).is_none() {
        bail!(
            "{name}: the array has shape {:?}, but {what}s of this model are {} or {}",
            array.shape,
            shape_text(&["B"], model.input_shape()),
            shape_text(&["B"], &[inputs]),
        );
    }
    check_finite(&name, what, inputs, &array.values)?;
    Ok(array.values)
}

/// Reads points of a polynomial, `[points, variables]`: inline numbers, or an `.npy` file.
///
/// # Errors
/// If they don't fit its variables.
pub fn points_of(given: &str, variables: usize) -> Result<Vec<f64>> {
    let named = text::count(variables, "variable");
    if let Some(rows) = inline(given) {
        if let Some((i, row)) = rows.iter().enumerate().find(|(_, row)| row.len() != variables) {
            let found = text::count(row.len(), "number");
            bail!(
                "--at {given}: point {i} has {found}, but the polynomial has {named}; points are separated by ';'"
            );
        }
        let values = rows.concat();
        check_finite(&format!("--at {given}"), "point", variables, &values)?;
        return Ok(values);
    }
    let path = Path::new(given);
    if !path.exists() && path.extension().is_none() {
        bail!("--at {given}: neither a file nor numbers such as \"0.5,-0.5;0,0\"");
    }
    let array = npy::read(path)?;
    // A point may be in the shape of the network's input: [B, 1, 28, 28] is as good as [B, 784].
    let fits = match array.shape.as_slice() {
        [n] => *n == variables || variables == 1,
        [_, rest @ ..] => rest.iter().product::<usize>() == variables,
        [] => variables == 1,
    };
    if !fits || array.values.is_empty() {
        let wanted = shape_text(&["B"], &[variables]);
        bail!("{given}: the array has shape {:?}, but points in {named} are {wanted}", array.shape);
    }
    check_finite(&given, "point", variables, &array.values)?;
    Ok(array.values)
}

/// Reads directions of rays.
///
/// # Errors
/// If they don't fit the model or the number of points.
pub fn directions(path: &Path, model: &Model, points: usize) -> Result<Directions> {
    let array = npy::read(path)?;
    let (inputs, shape) = (model.inputs(), model.input_shape());
    let shared = rows_of(&array.shape, inputs, shape);
    let per_point = match array.shape.split_first() {
        Some((&count, rest)) if count == points && rest.len() > 1 => rows_of(rest, inputs, shape),
        _ => None,
    };
    let name = path.display();
    check_finite(&name, "direction", inputs, &array.values)?;
    match (shared, per_point) {
        (Some(rays), Some(own)) if rays != own => bail!(
            "{name}: shape {:?} could be {rays} directions for all points or {own} for each point: \
             save it as {} or {}",
            array.shape,
            shape_text(&[&rays.to_string()], &[inputs]),
            shape_text(&[&points.to_string(), &own.to_string()], &[inputs]),
        ),
        (Some(1..), _) => Ok(Directions::Shared { inputs, rows: array.values }),
        (None, Some(rays @ 1..)) => Ok(Directions::PerPoint { inputs, rays, rows: array.values }),
        _ => bail!(
            "{name}: the array has shape {:?}, but directions for this model and {} are {}, {} or {}",
            array.shape,
            text::count(points, "point"),
            shape_text(&["R"], &[inputs]),
            shape_text(&["R"], shape),
            shape_text(&[&points.to_string(), "R"], &[inputs]),
        ),
    }
}

/// Reads the directions of a subspace, `[variables, inputs]`.
///
/// # Errors
/// If they don't fit the model.
pub fn subspace(path: &Path, model: &Model) -> Result<Vec<f64>> {
    let array = npy::read(path)?;
    let (inputs, shape) = (model.inputs(), model.input_shape());
    let name = path.display();
    let Some(1..) = rows_of(&array.shape, inputs, shape) else {
        bail!(
            "{name}: the array has shape {:?}, but a subspace for this model is {} or {}",
            array.shape,
            shape_text(&["d"], &[inputs]),
            shape_text(&["d"], shape),
        );
    };
    check_finite(&name, "direction", inputs, &array.values)?;
    Ok(array.values)
}

/// Number of rows, if the shape is that of one row or of several, flat or in the input's shape.
fn rows_of(shape: &[usize], inputs: usize, input_shape: &[usize]) -> Option<usize> {
    let flat = [inputs];
    for row in [&flat, input_shape] {
        if shape == row {
            return Some(1);
        }
        match shape.split_first() {
            Some((&count, rest)) if rest == row => return Some(count),
            _ => {}
        }
    }
    None
}

/// Rows of numbers, `0.5,-0.5;0,0`; none if it is no such list.
fn inline(given: &str) -> Option<Vec<Vec<f64>>> {
    let given = given.trim().trim_end_matches(';');
    given.split(';').map(|row| row.split(',').map(|x| x.trim().parse().ok()).collect()).collect()
}

fn inline_points(given: &str, rows: &[Vec<f64>], model: &Model) -> Result<Vec<f64>> {
    let inputs = model.inputs();
    if let Some((i, row)) = rows.iter().enumerate().find(|(_, row)| row.len() != inputs) {
        bail!(
            "--at {given}: point {i} has {}, but the model has {} (shape {}); points are separated by ';'",
            text::count(row.len(), "number"),
            text::count(inputs, "input"),
            text::shape(model.input_shape()),
        );
    }
    let values = rows.concat();
    check_finite(&format!("--at {given}"), "point", inputs, &values)?;
    Ok(values)
}

fn check_finite(source: &dyn std::fmt::Display, what: &str, inputs: usize, values: &[f64]) -> Result<()> {
    match values.iter().position(|x| !x.is_finite()) {
        None => Ok(()),
        Some(i) => Err(anyhow!("{source}: {what} {} has {} at input {}", i / inputs, values[i], i % inputs)),
    }
}

fn squeezed(shape: &[usize]) -> Vec<usize> {
    shape.iter().copied().filter(|&size| size != 1).collect()
}

/// A shape for people, with letters for free sizes: `[B, 1, 28, 28]`.
fn shape_text(front: &[&str], shape: &[usize]) -> String {
    let sizes = front.iter().map(ToString::to_string).chain(shape.iter().map(usize::to_string));
    format!("[{}]", sizes.collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inline_numbers() {
        assert_eq!(inline("0.5,-0.5;0,0"), Some(vec![vec![0.5, -0.5], vec![0.0, 0.0]]));
        assert_eq!(inline(" -1e-3 ; 2;"), Some(vec![vec![-1e-3], vec![2.0]]));
        for no in ["points.npy", "", ";", "1,,2", "0.5 0.5", "1;;2"] {
            assert_eq!(inline(no), None, "{no}");
        }
    }

    #[test]
    fn rows_flat_or_shaped() {
        assert_eq!(rows_of(&[3, 784], 784, &[1, 28, 28]), Some(3));
        assert_eq!(rows_of(&[3, 1, 28, 28], 784, &[1, 28, 28]), Some(3));
        assert_eq!(rows_of(&[784], 784, &[1, 28, 28]), Some(1));
        assert_eq!(rows_of(&[1, 28, 28], 784, &[1, 28, 28]), Some(1));
        assert_eq!(rows_of(&[784, 3], 784, &[1, 28, 28]), None);
        assert_eq!(rows_of(&[], 1, &[1]), None);
    }
}
