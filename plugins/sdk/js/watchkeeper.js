// For plugin authors: write a check as one object. `watchkeeper.d.ts` beside it says the types.
import { points } from "watchkeeper:check/history@1.0.0";
import { write } from "watchkeeper:check/log@1.0.0";

const KINDS = ["text", "number", "integer", "flag", "texts", "numbers"];

/** Nothing can be measured, and why: the monitor's parameters, no data, or a hindrance that passes. */
export class Failure extends Error {
  constructor(tag, reason) {
    super(reason);
    // What the contract hands over.
    this.payload = { tag, val: reason };
  }

  /** A parameter is wrong. */
  static config(reason) {
    return new Failure("config", reason);
  }

  /** There is nothing to measure. */
  static noData(reason) {
    return new Failure("no-data", reason);
  }

  /** Another try at the next tick may succeed. */
  static retry(reason) {
    return new Failure("retry", reason);
  }
}

/** What people who look for a reason read. */
export const log = {
  debug: (message) => write("debug", message),
  info: (message) => write("info", message),
  warn: (message) => write("warn", message),
  error: (message) => write("error", message),
};

/** A metric, declared once: the manual and the measurements are made from it. */
export class Metric {
  constructor(name, unit, doc, labels = []) {
    Object.assign(this, { name, unit, doc, labels });
  }

  /** One value of the series with these labels, with what a person needs to understand it. */
  of(labels, value, detail = undefined) {
    return { metric: this.name, value, labels: this.#labelled(labels), detail };
  }

  /** The newest points of a series from earlier ticks, newest first; at most 10,000. */
  earlier(labels, most) {
    const found = read(() => points(this.name, this.#labelled(labels), most), "history");
    return found.map(({ at, value }) => ({ at: Number(at), value }));
  }

  #labelled(labels) {
    const given = Object.keys(labels);
    const strange = given.find((label) => !this.labels.includes(label));
    const missing = this.labels.find((label) => !given.includes(label));
    if (strange !== undefined || missing !== undefined) {
      throw new Error(`metric ${this.name} has the labels [${this.labels}], and [${given}] were given`);
    }
    return this.labels.map((label) => [label, String(labels[label])]);
  }
}

/** A parameter of a kind; without a default it must be given, unless it is optional. */
export function param(kind, doc, { default: value, optional = false } = {}) {
  if (!KINDS.includes(kind)) {
    throw new Error(`there is no kind "${kind}"; the kinds are ${KINDS.join(", ")}`);
  }
  return { kind, doc, default: value, required: value === undefined && !optional };
}

const number = (answer) => answer.val;
const count = (answer) => Number(answer.val);
const about = (tag, read) => (...of) => ({ ask: { tag, val: of.length === 1 ? of[0] : of }, read });

/** Questions for `Frame.answer`: one scan answers all that are asked together. */
export const ask = {
  rows: () => ({ ask: { tag: "rows" }, read: count }),
  nulls: about("nulls", count),
  nans: about("nans", count),
  distinct: about("distinct", count),
  minimum: about("minimum", number),
  maximum: about("maximum", number),
  mean: about("mean", number),
  deviation: about("deviation", number),
  quantile: about("quantile", number),
  histogram: (column, edges) => ({
    ask: { tag: "histogram", val: [column, Float64Array.from(edges)] },
    read: (answer) => Array.from(answer.val, Number),
  }),
  top: about("top", (answer) => answer.val.map(([value, rows]) => [value, Number(rows)])),
  classes: ({ label, score, decision, threshold = 0.5 }) => ({
    ask: { tag: "classes", val: { label, score, decision, threshold } },
    read: (answer) => counted(answer.val),
  }),
  errors: about("errors", (answer) => counted(answer.val)),
};

/** A record with its counts as numbers. */
function counted(record) {
  return Object.fromEntries(
    Object.entries(record).map(([name, value]) => [name, typeof value === "bigint" ? Number(value) : value]),
  );
}

/** Rows of typed columns: ask first, read rows only when each must be seen. */
export class Frame {
  #frame;

  constructor(frame) {
    this.#frame = frame;
  }

  /** The columns, in order. */
  fields() {
    return this.#frame.fields();
  }

  /** The field that a parameter names, which must be of one of the kinds. */
  field(param, column, kinds) {
    const fields = this.fields();
    const field = fields.find((field) => field.name === column);
    if (field === undefined) {
      const all = fields.map((field) => field.name).join(", ") || "none";
      throw Failure.config(`parameter "${param}": the data has no column "${column}"; it has ${all}`);
    }
    if (!kinds.includes(field.kind)) {
      const is = `is ${field.kind} (${field.dataType}), expected ${kinds.join(" or ")}`;
      throw Failure.config(`parameter "${param}": column "${column}" ${is}`);
    }
    return field;
  }

  /** The answers, under the names of the questions. */
  answer(questions) {
    const names = Object.keys(questions);
    const answers = read(() => this.#frame.aggregate(names.map((name) => questions[name].ask)));
    return Object.fromEntries(names.map((name, place) => [name, questions[name].read(answers[place])]));
  }

  /** The frame that read-only SQL gives; this one is visible as `input`. */
  query(sql) {
    return new Frame(read(() => this.#frame.query(sql)));
  }

  /** Every row, as a list of its cells; a cell without a value, or that is not a number, is null. */
  *rows(columns) {
    const scan = read(() => this.#frame.scan(columns));
    for (let chunk = read(() => scan.next()); chunk !== undefined; chunk = read(() => scan.next())) {
      const cells = chunk.map(reader);
      const rows = chunk.length === 0 ? 0 : chunk[0].values.val.length;
      for (let row = 0; row < rows; row++) {
        yield cells.map((cell) => cell(row));
      }
    }
  }
}

/** A function from a row to the column's cell. */
function reader({ values: { tag, val }, validity }) {
  const isThere = validity === undefined
    ? () => true
    : (row) => ((validity[row >> 6] >> BigInt(row & 63)) & 1n) === 1n;
  const cell = tag === "integers" || tag === "times" ? (row) => Number(val[row]) : (row) => val[row];
  return (row) => (isThere(row) && !Number.isNaN(val[row]) ? cell(row) : null);
}

/** What the host says of data that cannot be read is another try's reason. */
function read(call, what = "data") {
  try {
    return call();
  } catch (error) {
    throw Failure.retry(`cannot read the ${what}: ${error?.payload ?? error}`);
  }
}

/** Makes a check the plugin: `export const plugin = check({ … })`. */
export function check({ summary, params = {}, metrics, check: measure }) {
  return {
    describe: () => ({
      summary,
      params: Object.entries(params).map(([name, { doc, kind, required, default: value }]) => ({
        name, doc, kind, required, default: value === undefined ? undefined : written(kind, value),
      })),
      metrics: metrics.map(({ name, unit, doc, labels }) => ({ name, unit, doc, labels })),
    }),
    check(run, current, baseline) {
      try {
        return measure({
          run,
          params: taken(params, run.params),
          current: new Frame(current),
          baseline: baseline === undefined ? undefined : new Frame(baseline),
        });
      } catch (error) {
        if (!(error instanceof Failure)) {
          log.error(`${error}\n${error?.stack ?? ""}`);
        }
        throw error;
      }
    },
  };
}

/** The parameters that a run gives, with the defaults of the others. */
function taken(params, given) {
  const found = Object.fromEntries(Object.entries(params).map(([name, param]) => [name, param.default]));
  for (const [name, { tag, val }] of given) {
    if (!(name in params)) {
      const all = Object.keys(params).join(", ") || "none";
      throw Failure.config(`there is no parameter "${name}"; the parameters are ${all}`);
    }
    found[name] = fitting(name, params[name].kind, tag, val);
  }
  for (const [name, { required, kind }] of Object.entries(params)) {
    if (required && found[name] === undefined) {
      throw Failure.config(`parameter "${name}" is missing; give it a value of kind ${kind}`);
    }
  }
  return found;
}

function fitting(name, kind, tag, val) {
  const isEmpty = (tag === "texts" || tag === "numbers") && val.length === 0;
  const fits = tag === kind || (kind === "number" && tag === "integer") || (kind === `${tag.slice(0, -1)}s` && isEmpty);
  if (!fits && !(isEmpty && kind.endsWith("s"))) {
    throw Failure.config(`parameter "${name}": expected a value of kind ${kind}, got ${tag}`);
  }
  return tag === "integer" ? Number(val) : tag === "numbers" ? Array.from(val) : val;
}

/** A value as the contract writes it. */
function written(kind, value) {
  const val = kind === "integer" ? BigInt(value) : kind === "numbers" ? Float64Array.from(value) : value;
  return { tag: kind, val };
}
