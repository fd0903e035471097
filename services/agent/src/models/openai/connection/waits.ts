import type { IncomingHttpHeaders } from 'node:http';

const day = 86_400_000;
const units: readonly (readonly [RegExp, number])[] = [
  [/^(?:ms|millis?|milliseconds?)$/i, 1],
  [/^(?:s|secs?|seconds?)$/i, 1_000],
  [/^(?:m|mins?|minutes?)$/i, 60_000],
  [/^(?:h|hrs?|hours?)$/i, 3_600_000],
  [/^(?:d|days?)$/i, day],
];
const span = /(\d+(?:\.\d+)?)\s*([a-z]+)/gi;
const unitNames = 'ms|millis?|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?';
const spans = `(?:\\d+(?:\\.\\d+)?\\s{0,2}(?:${unitNames})(?![a-z])[\\s,]{0,3}(?:and\\s)?)+`;

/** Reads `19s`, `1m2.5s`, `250ms`, `2 minutes`; undefined for other text. */
const spanMs = (text: string): number | undefined => {
  let ms: number | undefined;
  for (const [, amount, unit] of text.matchAll(span)) {
    const size = units.find(([name]) => name.test(unit!))?.[1];
    if (size === undefined) return undefined;
    ms = (ms ?? 0) + Number(amount) * size;
  }
  return ms;
};

const bounded = (ms: number | null | undefined): number | undefined =>
  ms === undefined || ms === null || !Number.isFinite(ms) ? undefined : Math.min(day, Math.max(0, ms));

/** Reads seconds, a span, a date, or a time since 1970 in seconds or milliseconds. */
const moment = (value: string, now: number): number | undefined => {
  const number = Number(value);
  if (value.trim() !== '' && Number.isFinite(number)) {
    if (number >= 1e12) return bounded(number - now);
    return bounded(number >= 1e9 ? number * 1_000 - now : number * 1_000);
  }
  if (new RegExp(`^\\s*${spans}\\s*$`, 'i').test(value)) return bounded(spanMs(value));
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : bounded(date - now);
};

const one = (headers: IncomingHttpHeaders, name: string): string | undefined => {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
};

/** The resets of the quotas that are used up; of all quotas, when the server does not say what remains. */
const resets = (headers: IncomingHttpHeaders, now: number): number | undefined => {
  const known = Object.keys(headers).flatMap((name) => {
    const of = /^(?:x-|anthropic-)?ratelimit-(?:(.*)-)?reset(?:-(.*))?$/.exec(name);
    const ms = of && moment(one(headers, name) ?? '', now);
    if (!of || ms === undefined) return [];
    const what = of[1] ?? of[2];
    const remaining = Object.entries(headers).find(
      ([other]) => other.includes('remaining') && (what === undefined || other.includes(what)),
    )?.[1];
    return [{ ms: ms as number, spent: remaining === undefined ? undefined : Number(remaining) <= 0 }];
  });
  const spent = known.filter((reset) => reset.spent);
  if (spent.length > 0) return Math.max(...spent.map(({ ms }) => ms));
  return known.length > 0 ? Math.min(...known.map(({ ms }) => ms)) : undefined;
};

/** The standard header of rates: `limit=10, remaining=0, reset=5`, later `"default";r=0;t=5`. */
const inRateHeader = (value: string): number | undefined => {
  const seconds = /(?:^|[\s,;])(?:reset|t)=(\d{1,7})(?![\d.])/.exec(value)?.[1];
  return seconds === undefined ? undefined : bounded(Number(seconds) * 1_000);
};

/** How long the headers ask to wait: `retry-after-ms`, else `retry-after`, else the reset of the quota. */
export const waitInHeaders = (headers: IncomingHttpHeaders, now: number): number | undefined => {
  const ms = Number(one(headers, 'retry-after-ms') ?? Number.NaN);
  if (Number.isFinite(ms)) return bounded(ms);
  const after = one(headers, 'retry-after') ?? one(headers, 'x-retry-after');
  return (
    (after === undefined ? undefined : moment(after, now)) ??
    resets(headers, now) ??
    inRateHeader(one(headers, 'ratelimit') ?? '')
  );
};

const asked = new RegExp(
  `\\b(?:retry(?:ing)?|retry_?delay|again|wait(?:ing)?|resets?|available|reset)\\b[^\\d\\n]{0,40}?(${spans})`,
  'i',
);
/** “retry after 30”, without a unit: seconds, as in the header. “请在 19 秒后重试”. */
const inSeconds =
  /\bretry[- ]after[: ]{1,2}(\d{1,6}(?:\.\d{1,6})?)(?![\d:-]|\.\d|\s*[a-z])|(\d{1,6}(?:\.\d{1,6})?)\s?秒/i;

/** The wait that an error text asks for: “Please retry in 19s”, “try again in 1m2.5s”, “wait 2 minutes”. */
export const waitInWords = (words: string): number | undefined => {
  const found = asked.exec(words)?.[1];
  if (found !== undefined) return bounded(spanMs(found));
  const [, after, wide] = inSeconds.exec(words) ?? [];
  const seconds = after ?? wide;
  return seconds === undefined ? undefined : bounded(Number(seconds) * 1_000);
};

/** The wait in a field of a body: a number of seconds, or a span. */
export const waitOf = (value: unknown): number | undefined => {
  if (typeof value === 'number') return bounded(value * 1_000);
  return typeof value === 'string' ? moment(value, Number.NaN) : undefined;
};
