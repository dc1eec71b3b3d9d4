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
  /** Gives its memory back. */
  free(): Promise<void>;
}

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
