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

/** What to compute. */
export interface ExpandOptions {
  /** Highest order. */
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
  /** Exact Taylor series (default), or HOPE's published rule, which is exact for some networks only: the certificate says. */
  method?: "exact" | "hope";
  /** Where to compute. */
  device?: "auto" | "cpu";
  /** Number type to compute in. */
  precision?: "f32" | "f64";
  /** Bytes of memory for the work; default: 1 GiB. */
  memory?: number;
  /** Random rays that are recomputed in f64 and compared. */
  verify?: number;
  /** Called with the pieces of work done and their number. */
  onProgress?: (progress: { done: number; total: number }) => void;
  /** Ends the run. */
  signal?: AbortSignal;
}

/** A result: normalised coefficients, `c_k` is the k-th derivative divided by k!. B points, m outputs, n orders, p inputs, R rays, T terms, d variables. */
export interface Expansion {
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
  /** Whether it is exact, and why. */
  certificate: { exact: boolean; reason: string };
  /** What the program writes to RESULT.json. */
  report: Record<string, unknown>;
  /** Why it was not computed where one would like it to be. */
  note?: string;
}

/** A network that has been read. */
export interface Model {
  readonly inputShape: number[];
  readonly outputShape: number[];
  readonly parameters: number;
  /** Expands it into Taylor polynomials at points, `[B, ...inputShape]` or `[B, p]`. */
  expand(points: Numbers, options: ExpandOptions): Promise<Expansion>;
  /** Gives its memory back. */
  free(): Promise<void>;
}

/** Whatever goes wrong; `name` says of which kind it is: `ShapeError`, `RequestError`, `UnsupportedError`, … */
export class HopeError extends Error {}

/** Reads an ONNX model: its bytes, a file, or where it is. */
export function load(source: ArrayBuffer | ArrayBufferView | Blob | string | URL, options?: LoadOptions): Promise<Model>;
