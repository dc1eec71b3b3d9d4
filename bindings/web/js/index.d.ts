/** Numbers: typed arrays, nested arrays, or with their shape. */
export type Numbers = ArrayLike<number> & ArrayBufferView | NestedNumbers | { data: ArrayLike<number>; shape: readonly number[] };
export type NestedNumbers = readonly (number | NestedNumbers)[];

/** Numbers in row-major order. */
export interface Shaped<Data = Float64Array> {
  data: Data;
  shape: number[];
}

/** How to read a model. */
export interface LoadOptions {
  /** Sizes of the input that the file leaves open. */
  shape?: number[];
  /** Tensors that points are, in place of the graph's inputs. */
  inputs?: string[];
  /** The tensor that is expanded. */
  output?: string;
  /** Without the softmax at the end. */
  logits?: boolean;
}

export type Terms = "unmixed" | "along" | "mixed" | "gradient" | "hessian";

/** How and where to compute. */
export interface Place {
  /** Exact Taylor series (default), or HOPE's published rule, which is exact for some networks only: the certificate says. */
  method?: "exact" | "hope";
  /** A GPU if there is one that suits, else the processor, which `note` says (default); WebGPU, or an error; the processor. */
  device?: "auto" | "webgpu" | "cpu";
  /** Number type to compute in; default: f64 on the processor, f32 on GPUs, which have no other. */
  precision?: "f32" | "f64";
  /** Bytes of memory for the work; default: 1 GiB. */
  memory?: number;
  /** Random rays that are recomputed in f64 and compared; default: 3 in f32, else none. */
  verify?: number;
  /** Ends the run. */
  signal?: AbortSignal;
}

/** What to compute. */
export interface ExpandOptions extends Place {
  /** Highest order; at most 30, on GPUs 16. */
  order: number;
  /** Which coefficients: along each input (default), along `directions` (default with them), of all monomials in the inputs or in a `subspace` (default with it), gradients, second derivatives. */
  terms?: Terms;
  /** `[rays, inputs]`, or `[points, rays, inputs]` for directions of their own at each point. */
  directions?: Numbers;
  /** `[variables, inputs]`. */
  subspace?: Numbers;
  /** Selected outputs; default: all. */
  outputs?: number | Iterable<number>;
  /** Rows of second derivatives; default: all. */
  inputs?: number[];
  /** Called with the pieces of work done and their number. */
  onProgress?: (progress: { done: number; total: number }) => void;
}

/** What a result may claim. */
export interface Claim {
  /** Whether it is exact, and why. */
  certificate: { exact: boolean; reason: string };
  /** Why it was not computed where one would like it to be. */
  note?: string;
}

/** Predicted changes of one output. */
export interface Heatmap extends Claim {
  /** The output at the point. */
  value: number;
  /** `[n, ...inputShape]`: the change that the polynomial of each order predicts for changing each input, alone. */
  predicted: Shaped;
  /** Number of inputs that meet a kink of the network on their way: there the prediction need not hold. */
  acrossKinks: number;
}

/** Second-order coefficients of inputs. */
export interface Interactions extends Claim {
  inputs: number[];
  /** `[K, K]`, symmetric; on the diagonal half the second derivatives. */
  matrix: Shaped;
  /** All pairs, the largest coefficient first. */
  pairs: { inputs: [number, number]; coefficient: number }[];
}

/** An output along a direction, x = x0 + t v. */
export interface Way extends Claim {
  /** The output at t = 0. */
  value: number;
  /** `[n]`: c_1 … c_n. */
  coefficients: Shaped;
  /** Distance to the nearest kink, t*; infinite where there is none. */
  kink: number;
  /** Estimated radius of convergence, and whether the estimate still grows with the order. */
  convergence: number;
  growing: boolean;
  /** Of the polynomial of each order: up to which |t| it is estimated to be within the tolerance, and what limits that. */
  trust: { radius: number; limit: "nothing" | "tolerance" | "convergence" | "kink" }[];
  /** Places on the way. */
  t: Shaped;
  /** The network's true values there. */
  network: Shaped;
  /** `[n, places]`: the polynomials' values there. */
  polynomials: Shaped;
}

/** A result: normalised coefficients, `c_k` is the k-th derivative divided by k!. B points, m outputs, n orders, p inputs, R rays, T terms, d variables. */
export interface Expansion extends Claim {
  /** `[B, p]`. */
  points: Shaped;
  /** `[B, m]`. */
  value: Shaped;
  /** `[B, m, n, p]`. */
  unmixed?: Shaped;
  /** `[B, m, n, R]`. */
  along?: Shaped;
  /** `[B, m, T]`, with `exponents`. */
  mixed?: Shaped;
  /** `[T, d]`. */
  exponents?: Shaped<Uint8Array>;
  /** `[B, m, n, R, p]`. */
  gradient?: Shaped;
  /** `[B, m, rows, p]`. */
  hessian?: Shaped;
  /** As they were given. */
  directions?: Shaped;
  subspace?: Shaped;
  /** Distances to the nearest kink, `[B, R]`; infinite where there is none. */
  kink?: Shaped;
  /** What the program writes to RESULT.json. */
  report: Record<string, unknown>;
}

/** A network that has been read. */
export interface Model {
  readonly inputShape: number[];
  readonly outputShape: number[];
  readonly parameters: number;
  /** Expands it into Taylor polynomials at points, `[B, ...inputShape]` or `[B, p]`. */
  expand(points: Numbers, options: ExpandOptions): Promise<Expansion>;
  /** Predicts the change of an output for changing each input, alone: by `delta` (default 1), by `deltas` of their own, or to a `baseline`. */
  heatmap(
    point: Numbers,
    options: Place & { order: number; output: number; delta?: number; deltas?: Numbers; baseline?: Numbers },
  ): Promise<Heatmap>;
  /** Second-order coefficients of all pairs of `inputs`, or of the `strongest` (16) by themselves for a change by `delta` (1). */
  interactions(
    point: Numbers,
    options: Place & { output: number; inputs?: number[]; strongest?: number; delta?: number },
  ): Promise<Interactions>;
  /** An output along a direction, and its polynomials: from t = 0 to 1 unless `range` says otherwise, at 161 `samples`; trusted within the `tolerance` (0.01). */
  along(
    point: Numbers,
    direction: Numbers,
    options: Place & { order: number; output: number; range?: [number, number]; samples?: number; tolerance?: number },
  ): Promise<Way>;
  /** Gives its memory back. */
  free(): Promise<void>;
}

/** A Taylor polynomial p(x) = Σ c_α (x - x0)^α, sparse in its terms. */
export interface Polynomial {
  readonly variables: string[];
  /** x0. */
  readonly centre: number[];
  readonly degree: number;
  /** Number of terms. */
  readonly length: number;
  /** Values at points, `[P, variables]`. */
  evaluate(points: Numbers): Promise<Float64Array>;
  /** Derivatives by the variables at points, in the same shape. */
  gradient(points: Numbers): Promise<Float64Array>;
  /** As people write it, with all digits or so many. */
  text(options?: { notation?: "text" | "latex" | "sympy"; digits?: number }): Promise<string>;
  /** As LaTeX, for math mode. */
  latex(digits?: number): Promise<string>;
  terms(): Promise<{ coefficient: number; powers: [variable: string, power: number][] }[]>;
  /** A text that `polynomial` reads, and the program. */
  toJson(): Promise<string>;
  /** The same polynomial around another centre. */
  recentre(centre: Numbers): Promise<Polynomial>;
  /** Gives its memory back. */
  free(): Promise<void>;
}

/**
 * The polynomial of one output (a position among the selected ones) at one point of a result, or one that `toJson` has written. Of mixed terms in the
 * inputs, or in the coordinates of a subspace; of unmixed terms it is additive, right along each input only; of those along a direction it is one in t.
 */
export function polynomial(source: Expansion | string, which?: { point?: number; output?: number; ray?: number }): Promise<Polynomial>;

/** Whatever goes wrong; `name` says of which kind it is: `ShapeError`, `RequestError`, `UnsupportedError`, … */
export class HopeError extends Error {}

/** Reads an ONNX model: its bytes, a file, or where it is. */
export function load(source: ArrayBuffer | ArrayBufferView | Blob | string | URL, options?: LoadOptions): Promise<Model>;

/** A panel of a picture: numbers from 0 to 1 as grey, or with a `limit` signed ones as colours up to it. */
export interface Panel {
  title?: string;
  rows: number;
  values: Numbers;
  limit?: number;
  /** Whether it has a colour bar. */
  bar?: boolean;
}

/** Draws images and maps side by side: SVG. */
export function maps(grid: { title?: string; caption?: string; columns: number; panels: Panel[] }): Promise<string>;

/** A chart: lines, or markers, and marks across it. */
export interface Chart {
  title?: string;
  x?: { label?: string; range?: [number, number] };
  y?: { label?: string; range?: [number, number] };
  series: {
    name?: string;
    x: ArrayLike<number>;
    y: ArrayLike<number>;
    dashed?: boolean;
    markers?: boolean;
    width?: number;
    /** Which of the library's colours. */
    colour?: number;
    /** Whether the axes make room for it; default: true. */
    setsRange?: boolean;
  }[];
  guides?: { x?: number; y?: number; label?: string }[];
  size?: [number, number];
}

/** Draws lines over two axes: SVG. */
export function chart(wanted: Chart): Promise<string>;

/** Reads an .npy file: its bytes, a file, or where it is. */
export function npy(source: ArrayBuffer | ArrayBufferView | Blob | string | URL): Promise<Shaped>;

/** Writes an .npz file of all arrays of an object, such as a result: its bytes, those of RESULT.npz. */
export function npz(arrays: object): Promise<Uint8Array>;

/** What `hope bench --json` writes: src/bench/json.rs has the schema. */
export interface BenchRun {
  schema: "hope-bench";
  schema_version: number;
  devices: { name: string; kind: string; peak: { flops_per_second: number; bytes_per_second: number } | null; workloads: Record<string, unknown>[] }[];
  [key: string]: unknown;
}

/** Measures a device as `hope bench` does. `onRun` gets what there is so far. */
export function bench(options?: {
  device?: "webgpu" | "cpu";
  /** Order 3 only, and short measurements. */
  quick?: boolean;
  /** Only workloads whose names contain one of these. */
  workloads?: string[];
  signal?: AbortSignal;
  onProgress?: (progress: { done: number; total: number }) => void;
  onRun?: (run: BenchRun) => void;
}): Promise<BenchRun>;

/** Names of what `bench` measures. */
export function workloads(options?: { quick?: boolean }): Promise<string[]>;
