/** Numbers in the forms that people write. Each reader returns the value in the unit of the wire, or undefined. */

const factors = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const unitOf = (word: string): number | undefined => {
  const known: Readonly<Record<string, keyof typeof factors>> = {
    ms: 'ms',
    millisecond: 'ms',
    s: 's',
    sec: 's',
    second: 's',
    m: 'm',
    min: 'm',
    minute: 'm',
    h: 'h',
    hour: 'h',
    d: 'd',
    day: 'd',
  };
  const singular = word.length > 2 && word !== 'ms' ? word.replace(/s$/, '') : word;
  const unit = known[singular.toLowerCase()];
  return unit && factors[unit];
};

/** `90 s`, `10 minutes`, `1h 30m`; a bare number has no unit and is refused, but for 0. Milliseconds. */
export const readDuration = (text: string): number | undefined => {
  const trimmed = text.trim();
  if (trimmed === '0') return 0;
  const part = /\s*(\d+(?:\.\d+)?)\s*([a-z]+)/giy;
  let total = 0;
  let end = 0;
  for (let match = part.exec(trimmed); match; match = part.exec(trimmed)) {
    const factor = unitOf(match[2] as string);
    if (factor === undefined) return undefined;
    total += Number(match[1]) * factor;
    end = part.lastIndex;
  }
  return end > 0 && end === trimmed.length ? Math.round(total) : undefined;
};

/** `1200`, `20k`, `1.5M`, `50,000 tokens`, `20 turns`. A whole number. */
export const readAmount = (text: string, unit: string): number | undefined => {
  const match = new RegExp(
    `^(\\d{1,3}(?:,\\d{3})+|\\d+(?:\\.\\d+)?)\\s*([kM]?)(?:\\s*${unit}s?)?$`,
    'i',
  ).exec(text.trim());
  if (!match) return undefined;
  const factor = { '': 1, k: 1_000, m: 1_000_000 }[(match[2] as string).toLowerCase()] as number;
  const value = Number((match[1] as string).replaceAll(',', '')) * factor;
  return Number.isInteger(value) ? value : undefined;
};

/** `$0.50`, `0.5`, `50 cents`, `2 dollars`. Dollars. */
export const readDollars = (text: string): number | undefined => {
  const match = /^\$?\s*(\d+(?:\.\d+)?)\s*(dollars?|cents?|usd)?$/i.exec(text.trim());
  if (!match) return undefined;
  return Number(match[1]) / (/^cent/i.test(match[2] ?? '') ? 100 : 1);
};

/** `0.6` or `60 %`. Of 1. */
export const readShare = (text: string): number | undefined => {
  const match = /^(\d+(?:\.\d+)?)\s*(%?)$/.exec(text.trim());
  if (!match) return undefined;
  const value = Number(match[1]) / (match[2] === '%' ? 100 : 1);
  return value <= 1 ? value : undefined;
};
