// @ts-check
// The share of rows at or above a limit.
import { Failure, Metric, ask, check, param } from "./sdk/watchkeeper.js";

const SHARE_ABOVE = new Metric("share_above", "share", "Rows at or above the limit divided by rows with a value.");

export const plugin = check({
  summary: "The share of rows at or above a limit.",
  params: {
    column: param("text", "The column to look at."),
    limit: param("number", "The least value that counts.", { default: 100 }),
  },
  metrics: [SHARE_ABOVE],
  check({ params, current }) {
    current.field("column", params.column, ["number", "integer"]);
    const { counts } = current.answer({ counts: ask.histogram(params.column, [params.limit]) });
    const [below, above] = counts;
    const rows = below + above;
    if (rows === 0) {
      throw Failure.noData(`no row has a value in "${params.column}"`);
    }
    return [SHARE_ABOVE.of({}, above / rows, `${above} of ${rows} rows`)];
  },
});
