//! `hope merge`: the shards of a run, joined.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow, bail};
use clap::Args;
use serde_json::{Map, Value, json};

use hope::results::{ArchiveFormat, ArchiveReader, ArchiveWriter, Encoding, ShardName, Target};
use hope::{Precision, memory};

use super::failure::Failure;
use super::files::Files;
use super::text::{self, count};
use super::verbosity::Verbosity;

/// Join the shards that `hope expand --shards` has written: a result as of one run. Only one shard is in memory at a time.
#[derive(Debug, Args)]
pub struct MergeArgs {
    /// The folder of the shards.
    #[arg(value_name = "DIR")]
    folder: PathBuf,

    /// Which run's shards, by the beginning of their names, if the folder has those of several.
    #[arg(long, value_name = "KEY")]
    run: Option<String>,

    /// The result, overwritten if it exists: RESULT.npz, RESULT.safetensors, with RESULT.json beside it, or a folder RESULT/.
    #[arg(long, value_name = "RESULT.npz")]
    out: PathBuf,

    /// Deflate the .npz, as numpy.savez_compressed does.
    #[arg(long)]
    compress: bool,
}

/// Shards of a run: how many there should be, and those that are there, by number.
#[derive(Default)]
struct Run {
    count: usize,
    shards: BTreeMap<usize, PathBuf>,
}

/// Runs the command.
pub fn run(args: &MergeArgs, verbosity: Verbosity) -> Result<(), Failure> {
    let target = Target::new(&args.out).map_err(|error| Failure::Input(error.into()))?;
    if args.compress && target.format != ArchiveFormat::Npz {
        return Err(Failure::Input(anyhow!(
            "--compress goes with .npz only: the other formats are for memory mapping"
        )));
    }
    let shards = chosen(&args.folder, args.run.as_deref()).map_err(Failure::Input)?;
    let record = joined_record(&shards).map_err(Failure::Input)?;
    let inputs: Vec<&Path> = shards.iter().map(PathBuf::as_path).collect();
    let names = names(&shards).map_err(Failure::Input)?;
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut files = Files::result(&target, &names, &inputs).map_err(Failure::Input)?;
    let dtype = if record["dtype"] == "f32" { Precision::F32 } else { Precision::F64 };
    let encoding = Encoding { dtype, compress: args.compress };
    let mut archive = files.archive(&target, &names, encoding).map_err(Failure::Run)?;
    let arrays = arrays(&shards, &names, &mut archive).map_err(Failure::Run)?;
    let cannot_write = |error| {
        Failure::Run(anyhow!("cannot write {}: {error}; nothing was written", target.archive.display()))
    };
    let bytes = archive.finish().map_err(cannot_write)?;
    files
        .write(&target.json, format!("{:#}\n", Value::Object(record.clone())).as_bytes())
        .map_err(Failure::Run)?;
    files.commit().map_err(Failure::Run)?;
    let points = record["points"].as_u64().unwrap_or(0) as usize;
    let rows = [
        ("joined", format!("{}, {}", count(shards.len(), "shard"), count(points, "point"))),
        (
            "exact",
            record["exact_reason"].as_str().map_or_else(String::new, |reason| {
                format!("{}: {reason}", if record["exact"] == true { "yes" } else { "NO" })
            }),
        ),
        ("result", format!("{} ({}): {arrays}", target.archive.display(), memory::human(bytes))),
        ("", target.json.display().to_string()),
    ];
    verbosity.print(text::lines(&rows)).map_err(Failure::Run)
}

/// The shards of the run that is meant, in order.
fn chosen(folder: &Path, run: Option<&str>) -> Result<Vec<PathBuf>> {
    let mut runs = runs(folder)?;
    if let Some(run) = run {
        runs.retain(|key, _| key.starts_with(run));
    }
    let names: Vec<String> = runs.keys().cloned().collect();
    let place = folder.display();
    let found = match (runs.pop_first(), names.len()) {
        (Some((_, found)), 1) => found,
        (None, _) => match run {
            Some(run) => bail!("{place}: there are no shards of a run {run}"),
            None => bail!("{place}: there are no shards in it; hope expand --shards DIR writes them"),
        },
        _ => {
            bail!("{place}: there are shards of several runs: choose one with --run, of {}", names.join(", "))
        }
    };
    let missing = (0..found.count).filter(|number| !found.shards.contains_key(number)).count();
    if missing > 0 {
        bail!(
            "{place}: {missing} of {} are missing: run hope expand --shards again with the same options, which makes them",
            count(found.count, "shard")
        );
    }
    Ok(found.shards.into_values().collect())
}

/// All runs that a folder has finished shards of.
fn runs(folder: &Path) -> Result<BTreeMap<String, Run>> {
    let entries = std::fs::read_dir(folder)
        .map_err(|error| anyhow!("cannot read the folder {}: {error}", folder.display()))?;
    let mut runs: BTreeMap<String, Run> = BTreeMap::new();
    for entry in entries {
        let path =
            entry.map_err(|error| anyhow!("cannot read the folder {}: {error}", folder.display()))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let Some(ShardName { key, number, count, .. }) = ShardName::parse(&name) else { continue };
        if path.with_extension("json").exists() {
            let run = runs.entry(key).or_default();
            run.count = count;
            run.shards.insert(number, path);
        }
    }
    Ok(runs)
}

/// Names of the arrays, as the first shard has them.
fn names(shards: &[PathBuf]) -> Result<Vec<String>> {
    let first = shards.first().ok_or_else(|| anyhow!("there are no shards"))?;
    Ok(ArchiveReader::open(first)?.names())
}

/// Copies all arrays, one after the other, each through all shards; returns their names and shapes, for people.
fn arrays(shards: &[PathBuf], names: &[&str], archive: &mut ArchiveWriter) -> Result<String> {
    let mut described = Vec::new();
    let first = shards.first().ok_or_else(|| anyhow!("there are no shards"))?;
    for &name in names {
        let in_file = |path: &Path, error: hope::Error| anyhow!("{}: {error}", path.display());
        let read = |path: &Path| ArchiveReader::open(path)?.array(name).map_err(|error| in_file(path, error));
        let shape_in =
            |path: &Path| ArchiveReader::open(path)?.shape(name).map_err(|error| in_file(path, error));
        let shape = shape_in(first)?;
        // What is the same for all points; directions may also be those of each.
        if name == "exponents" {
            let bytes: Vec<u8> = read(first)?.values.iter().map(|&exponent| exponent as u8).collect();
            archive.bytes(name, &shape, &bytes)?;
            continue;
        }
        if name == "inputs" || (name == "directions" && shape.len() == 2) {
            archive.array(name, &shape, &read(first)?.values)?;
            continue;
        }
        // The number of points has to be known before they come.
        let mut joined = [&[0], shape.get(1..).unwrap_or_default()].concat();
        for path in shards {
            let part = shape_in(path)?;
            if part.is_empty() || part[1..] != joined[1..] {
                bail!(
                    "{}: the array '{name}' has shape {part:?}, which doesn't go with {shape:?}",
                    path.display()
                );
            }
            joined[0] += part[0];
        }
        archive.begin(name, &joined)?;
        for path in shards {
            archive.numbers(&read(path)?.values)?;
        }
        described.push(format!("{name} {}", text::shape(&joined)));
    }
    Ok(described.join(", "))
}

/// What is known of the whole, from what is known of its parts.
fn joined_record(shards: &[PathBuf]) -> Result<Map<String, Value>> {
    let mut joined: Option<Map<String, Value>> = None;
    // Whether each is exact, and why.
    let mut claims: Vec<(Value, Value)> = Vec::new();
    for path in shards {
        let path = path.with_extension("json");
        let wrong = |cause: String| anyhow!("{}: {cause}", path.display());
        let text =
            std::fs::read_to_string(&path).map_err(|error| wrong(format!("cannot be read: {error}")))?;
        let record: Map<String, Value> = serde_json::from_str(&text)
            .map_err(|error| wrong(format!("is no record of a result: {error}")))?;
        let claim = |key: &str| record.get(key).cloned().unwrap_or_default();
        claims.push((claim("exact"), claim("exact_reason")));
        match &mut joined {
            None => joined = Some(record),
            Some(joined) => join(joined, &record)
                .map_err(|key| wrong(format!("'{key}' is another one than in the shards before")))?,
        }
    }
    let mut joined = joined.ok_or_else(|| anyhow!("there are no shards"))?;
    // The first that isn't exact speaks for all; its reason may count its own points.
    let speaker = claims.iter().position(|(exact, _)| *exact != Value::Bool(true)).unwrap_or(0);
    let (exact, mut reason) = claims[speaker].clone();
    if claims.iter().any(|(_, other)| *other != reason) {
        let first = reason.as_str().unwrap_or_default();
        reason = format!("{first} (so of shard {}; others have records of their own)", speaker + 1).into();
    }
    joined.insert("exact".into(), exact);
    joined.insert("exact_reason".into(), reason);
    joined.insert("shards".into(), shards.len().into());
    Ok(joined)
}

/// Adds a shard's record; an error names the key that must not differ.
fn join(joined: &mut Map<String, Value>, record: &Map<String, Value>) -> Result<(), &'static str> {
    for key in ["model_sha256", "method", "order", "terms", "outputs", "precision", "dtype"] {
        if joined.get(key) != record.get(key) {
            return Err(key);
        }
    }
    let number = |value: Option<&Value>| value.and_then(Value::as_f64).unwrap_or(0.0);
    let whole = |value: Option<&Value>| value.and_then(Value::as_u64).unwrap_or(0);
    for key in ["points", "one_sided"] {
        let sum = whole(joined.get(key)) + whole(record.get(key));
        if sum > 0 {
            joined.insert(key.into(), sum.into());
        }
    }
    let peak = whole(joined.get("peak_bytes")).max(whole(record.get("peak_bytes")));
    joined.insert("peak_bytes".into(), if peak > 0 { peak.into() } else { Value::Null });
    joined.remove("kernels");
    if let (Some(Value::Object(sum)), Some(Value::Object(part))) =
        (joined.get_mut("seconds"), record.get("seconds"))
    {
        for (key, seconds) in sum.iter_mut() {
            *seconds = json!(number(Some(seconds)) + number(part.get(key)));
        }
    }
    if let (Some(Value::Object(all)), Some(Value::Object(part))) =
        (joined.get_mut("verify"), record.get("verify"))
    {
        for (key, found) in all.iter_mut() {
            *found = match key.as_str() {
                "rays" | "undecided" => json!(whole(Some(found)) + whole(part.get(key))),
                _ if found.is_null() => part.get(key).cloned().unwrap_or_default(),
                _ => json!(number(Some(found)).max(number(part.get(key)))),
            };
        }
    }
    // Infinite distances are null; the median of all isn't known from those of parts.
    if let Some(Value::Object(kinks)) = joined.get_mut("kinks") {
        let other = record.get("kinks").and_then(|kinks| kinks.get("smallest"));
        let nearest = [kinks.get("smallest"), other]
            .into_iter()
            .flatten()
            .filter_map(Value::as_f64)
            .fold(f64::INFINITY, f64::min);
        kinks.insert("smallest".into(), json!(nearest.is_finite().then_some(nearest)));
        kinks.remove("median");
    } else if let Some(kinks) = record.get("kinks") {
        joined.insert("kinks".into(), kinks.clone());
    }
    Ok(())
}
