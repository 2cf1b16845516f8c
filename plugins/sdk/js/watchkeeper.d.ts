/** Times are microseconds since 1970 UTC. */
export interface Run {
  scheduledAt: bigint;
  windowStart: bigint;
  windowEnd: bigint;
  /** The same for the same monitor and tick: derive chance from it. */
  seed: bigint;
  /** What the source's windows are cut on. */
  timeColumn?: string;
}

export type Kind = "number" | "integer" | "text" | "flag" | "time" | "other";

export interface Field {
  name: string;
  kind: Kind;
  dataType: string;
  nullable: boolean;
}

/** One value; made by `Metric.of`, or by hand where a parameter names the metric. */
export interface Measurement {
  metric: string;
  value: number;
  labels: [string, string][];
  detail?: string;
}

/** Nothing can be measured, and why. */
export class Failure extends Error {
  static config(reason: string): Failure;
  static noData(reason: string): Failure;
  static retry(reason: string): Failure;
}

/** A metric, declared once: the manual and the measurements are made from it. */
export class Metric<L extends string = never> {
  readonly name: string;
  readonly unit: string;
  readonly doc: string;
  readonly labels: L[];
  /** The unit is a plain word such as `share`, `minutes` or `rows`. */
  constructor(name: string, unit: string, doc: string, labels?: L[]);
  of(labels: Record<L, string | number>, value: number, detail?: string): Measurement;
  /** The newest points of a series from earlier ticks, newest first; at most 10,000. */
  earlier(labels: Record<L, string | number>, most: number): Point[];
}

/** A measured value and its tick, in microseconds since 1970 UTC. */
export interface Point {
  at: number;
  value: number;
}

interface Kinds {
  text: string;
  number: number;
  integer: number;
  flag: boolean;
  texts: string[];
  numbers: number[];
}

export interface Param<T> {
  kind: keyof Kinds;
  doc: string;
  default?: T;
  required: boolean;
}

/** A parameter of a kind; without a default it must be given, unless it is optional. */
export function param<K extends keyof Kinds>(kind: K, doc: string): Param<Kinds[K]>;
export function param<K extends keyof Kinds>(kind: K, doc: string, more: { default: Kinds[K] }): Param<Kinds[K]>;
export function param<K extends keyof Kinds>(
  kind: K, doc: string, more: { optional: true },
): Param<Kinds[K] | undefined>;

/** A question; `T` is the type of its answer. */
export interface Question<T> {
  ask: unknown;
  read(answer: unknown): T;
}

/** Questions for `Frame.answer`. Nulls and NaN are left out of all but `rows`, `nulls` and `nans`. */
export const ask: {
  rows(): Question<number>;
  nulls(column: string): Question<number>;
  nans(column: string): Question<number>;
  distinct(column: string): Question<number>;
  minimum(column: string): Question<number | undefined>;
  maximum(column: string): Question<number | undefined>;
  mean(column: string): Question<number | undefined>;
  /** Sample standard deviation. */
  deviation(column: string): Question<number | undefined>;
  /** Linear interpolation, exact. */
  quantile(column: string, share: number): Question<number | undefined>;
  /** Counts between ascending inner edges: `(-inf, e0) [e0, e1) … [en, inf)`. */
  histogram(column: string, edges: number[]): Question<number[]>;
  /** The most frequent values with their counts. */
  top(column: string, most: number): Question<[string, number][]>;
  classes(of: { label: string; score: string; decision?: string; threshold?: number }): Question<Record<string, number>>;
  errors(target: string, prediction: string): Question<Record<string, number>>;
};

export type Cell = number | string | boolean | null;

/** Rows of typed columns: ask first, read rows only when each must be seen. */
export class Frame {
  fields(): Field[];
  field(param: string, column: string, kinds: Kind[]): Field;
  answer<Q extends Record<string, Question<unknown>>>(
    questions: Q,
  ): { [name in keyof Q]: Q[name] extends Question<infer T> ? T : never };
  query(sql: string): Frame;
  rows(columns: string[]): Generator<Cell[]>;
}

export const log: Record<"debug" | "info" | "warn" | "error", (message: string) => void>;

/** What a check is asked with. */
export interface Call<P> {
  run: Run;
  params: { [name in keyof P]: P[name] extends Param<infer T> ? T : never };
  current: Frame;
  baseline?: Frame;
}

/** Makes a check the plugin: `export const plugin = check({ … })`. */
export function check<P extends Record<string, Param<unknown>>>(of: {
  /** One sentence on what is measured. */
  summary: string;
  params?: P;
  /** Every metric it may report; none where a parameter decides. */
  metrics: Metric<string>[];
  check(call: Call<P>): Measurement[];
}): unknown;
