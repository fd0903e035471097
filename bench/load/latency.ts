import { readFileSync } from 'node:fs';

/** How long a scripted agent takes for an answer, as a model would. Milliseconds. */
export type Latency =
  | { readonly kind: 'none' }
  | { readonly kind: 'fixed'; readonly ms: number }
  | { readonly kind: 'uniform'; readonly from: number; readonly to: number }
  /** Most answers are near the median, a few take much longer, as those of language models do. */
  | { readonly kind: 'lognormal'; readonly median: number; readonly p99: number }
  /** Measured ones, each as likely as every other. */
  | { readonly kind: 'measured'; readonly ms: readonly number[] };

/** The quantile of the normal distribution for 0.99. */
const z99 = 2.326_347_874;

export const latencyForms =
  'none, fixed:MS, uniform:FROM-TO, lognormal:MEDIAN/P99, or file:PATH with a number of milliseconds a line';

const numbers = (text: string, pattern: RegExp): number[] | undefined =>
  pattern.exec(text)?.slice(1).map(Number);

/** Undefined when the text has none of `latencyForms`. */
export const readLatency = (text: string): Latency | undefined => {
  if (text === 'none') return { kind: 'none' };
  const [ms] = numbers(text, /^fixed:(\d+(?:\.\d+)?)$/) ?? [];
  if (ms !== undefined) return { kind: 'fixed', ms };
  const [from, to] = numbers(text, /^uniform:(\d+)-(\d+)$/) ?? [];
  if (from !== undefined && to !== undefined) return from <= to ? { kind: 'uniform', from, to } : undefined;
  const [median, p99] = numbers(text, /^lognormal:(\d+(?:\.\d+)?)\/(\d+(?:\.\d+)?)$/) ?? [];
  if (median && p99) return p99 >= median ? { kind: 'lognormal', median, p99 } : undefined;
  const [, path] = /^file:(.+)$/.exec(text) ?? [];
  if (path === undefined) return undefined;
  const measured = readFileSync(path, 'utf8').split('\n').filter(Boolean).map(Number);
  return measured.length > 0 && measured.every((one) => one >= 0)
    ? { kind: 'measured', ms: measured }
    : undefined;
};

const deviationOf = ({ median, p99 }: { readonly median: number; readonly p99: number }): number =>
  Math.log(p99 / median) / z99;

/** Draws answers. `random` gives 0..1. */
export const latencySampler = (latency: Latency, random: () => number): (() => number) => {
  switch (latency.kind) {
    case 'none':
      return () => 0;
    case 'fixed':
      return () => latency.ms;
    case 'uniform':
      return () => latency.from + random() * (latency.to - latency.from);
    case 'lognormal': {
      const deviation = deviationOf(latency);
      // Box and Muller; `1 - random()` is never 0.
      const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
      return () => latency.median * Math.exp(deviation * normal());
    }
    case 'measured':
      return () => latency.ms[Math.floor(random() * latency.ms.length)] as number;
    default:
      return latency satisfies never;
  }
};

/** A lognormal latency with this mean, whose slowest percent takes five times the median or longer. */
export const lognormalOfMean = (meanMs: number): Latency => {
  const deviation = Math.log(5) / z99;
  const median = meanMs / Math.exp(deviation ** 2 / 2);
  return { kind: 'lognormal', median, p99: 5 * median };
};
