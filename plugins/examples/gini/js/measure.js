// @ts-check
// How unequally a value is spread within each segment.
import { Failure, Metric, check, param } from "./sdk/watchkeeper.js";

const GINI = new Metric(
  "gini", "share", "Gini coefficient: 0 where all rows have the same value, towards 1 where one has all.", ["segment"],
);

export const plugin = check({
  summary: "How unequally a value is spread within each segment.",
  params: {
    value: param("text", "The column with the value, which is never negative."),
    segment: param("text", "The column that says to which segment a row belongs."),
  },
  metrics: [GINI],
  check({ params, current }) {
    current.field("value", params.value, ["number", "integer"]);
    current.field("segment", params.segment, ["text"]);
    /** @type {Map<string, number[]>} */
    const segments = new Map();
    for (const [segment, value] of current.rows([params.segment, params.value])) {
      if (typeof segment !== "string" || typeof value !== "number") {
        continue;
      }
      if (value < 0) {
        throw Failure.config(`parameter "value": column "${params.value}" holds ${value}, which is negative`);
      }
      const values = segments.get(segment);
      if (values === undefined) {
        segments.set(segment, [value]);
      } else {
        values.push(value);
      }
    }
    const measured = [...segments].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([segment, values]) => {
      const coefficient = gini(values);
      return coefficient === undefined ? [] : [GINI.of({ segment }, coefficient, `${values.length} rows`)];
    });
    if (measured.length === 0) {
      throw Failure.noData("no segment has a value above 0");
    }
    return measured;
  },
});

/** @param {number[]} values */
function gini(values) {
  values.sort((a, b) => a - b);
  const sum = values.reduce((sum, value) => sum + value, 0);
  const weighted = values.reduce((sum, value, place) => sum + (2 * place + 1 - values.length) * value, 0);
  return sum > 0 ? weighted / (values.length * sum) : undefined;
}
