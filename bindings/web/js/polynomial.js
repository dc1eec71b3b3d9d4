// Polynomials: made from results, and asked for values, gradients, texts. The engine has them.

import { HopeError } from "./errors.js";
import { rows } from "./numbers.js";

/** Row i of an array's first axes, which are so many. */
function row({ data, shape }, ...at) {
  const rest = shape.slice(at.length).reduce((product, size) => product * size, 1);
  const index = at.reduce((index, i, axis) => index * shape[axis] + i, 0);
  return data.slice(index * rest, (index + 1) * rest);
}

/** Checks a position. */
function checked(what, i, count) {
  if (Number.isInteger(i) && i >= 0 && i < count) return i;
  throw new HopeError("SelectionError", `${what}: there is no ${i}, there are ${count}, counted from 0`);
}

/** What the engine makes the polynomial of one output at one point of a result from. */
export function made(found, { point = 0, output = 0, ray = 0 } = {}) {
  const [points, outputs] = found.value.shape;
  const at = [checked("point", point, points), checked("output", output, outputs)];
  const place = row(found.points, at[0]);
  const value = row(found.value, ...at)[0];
  if (found.mixed) {
    const subspace = Float64Array.from(found.subspace?.data ?? []);
    return ["mixed", place, found.exponents.data.slice(), row(found.mixed, ...at), subspace];
  }
  if (found.unmixed) return ["unmixed", place, value, row(found.unmixed, ...at)];
  if (found.along) {
    const rays = found.along.shape[3];
    const series = row(found.along, ...at).filter((_, i) => i % rays === checked("ray", ray, rays));
    const own = found.directions.shape.length === 3 ? row(found.directions, at[0], ray) : row(found.directions, ray);
    return ["along", place, value, series, own];
  }
  throw new HopeError("RequestError", "gradients make no polynomial by themselves: expand mixed terms, or those along a direction");
}

/** A polynomial around a centre, in named variables. */
export class Polynomial {
  #engine;
  #id;
  #next;

  constructor(engine, id, { variables, centre, degree, length }, next) {
    this.#engine = engine;
    this.#id = id;
    this.#next = next;
    this.variables = variables;
    this.centre = centre;
    this.degree = degree;
    this.length = length;
  }

  #ask(what, ...parameters) {
    return this.#engine.call("ask", [this.#id, what, ...parameters]);
  }

  /** Values at points, `[P, variables]`. */
  async evaluate(points) {
    return this.#ask("evaluate", rows(points, this.variables.length).data);
  }

  /** Derivatives by the variables at points, in the same shape. */
  async gradient(points) {
    return this.#ask("gradient", rows(points, this.variables.length).data);
  }

  /** As people write it, with all digits or so many. */
  async text({ notation = "text", digits } = {}) {
    return this.#ask("text", notation, digits);
  }

  /** As LaTeX, for math mode. */
  async latex(digits) {
    return this.text({ notation: "latex", digits });
  }

  /** Its terms: `{ coefficient, powers: [[variable, power], …] }`. */
  async terms() {
    return JSON.parse(await this.toJson()).terms;
  }

  /** A text that `polynomial` reads, and the program. */
  async toJson() {
    return this.#ask("toJson");
  }

  /** The same polynomial around another centre. */
  async recentre(centre) {
    const id = this.#next();
    const about = await this.#engine.call("recentre", [id, this.#id, rows(centre, this.variables.length).data]);
    return new Polynomial(this.#engine, id, about, this.#next);
  }

  /** Gives its memory back. */
  async free() {
    if (!this.#engine.dead) await this.#engine.call("free", [this.#id]);
  }
}
