import type { Entry } from '@parley/protocol';

/** One call of the model from a cassette. */
export interface Call {
  readonly agent: string;
  readonly messages: readonly { readonly role: string; readonly content: string }[];
  /** The reply of the model; missing when the call failed. */
  readonly text?: string | undefined;
}

/** One conversation from its ledger and cassettes. */
export interface Recorded {
  readonly scenario: string;
  readonly entries: readonly Entry[];
  readonly calls: readonly Call[];
  /** Words that a member must not say, by its name. */
  readonly secrets: ReadonlyMap<string, readonly string[]>;
}

/** The quality figures of one conversation. */
export interface Measures {
  readonly scenario: string;
  readonly ending: string;
  readonly detail: string;
  readonly calls: number;
  readonly turns: number;
  readonly said: number;
  /** Turns with at least one failed attempt, and the causes of all failed attempts. */
  readonly failedTurns: number;
  readonly lapses: readonly string[];
  /** Messages that begin with a name as a label. */
  readonly namesInFront: number;
  /** Messages at least 70 % like an earlier one of the conversation. */
  readonly copies: number;
  /** Lines of messages that repeat lines of the prompt. */
  readonly recitedLines: number;
  /** Messages with a secret of their speaker that no other member had said before. */
  readonly privateLeaks: number;
  /** Messages that contain only a vote. */
  readonly bareVotes: number;
  readonly outputTokens: number;
}

const alike = 0.7;
const shortestLine = 12;

const said = (entries: readonly Entry[]) =>
  entries.filter((entry): entry is Extract<Entry, { type: 'said' }> => entry.type === 'said');

const bare = (line: string): string =>
  line
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();

const literal = (name: string): string => name.replace(/[.-]/g, '\\$&');
const label = (name: string): RegExp =>
  new RegExp(`^[\\s*_>]*(?:\\[${literal(name)}[\\]:]|${literal(name)}[*_]*\\s*[:：])`, 'i');

/** The lines that Parley wrote into the prompt: the system message, and remarks in brackets. */
const promptLines = (calls: readonly Call[], agent: string): Set<string> => {
  const own = calls.filter((call) => call.agent === agent);
  const texts = own.flatMap(({ messages }) =>
    messages.flatMap(({ role, content }) =>
      role === 'system' ? [content] : (content.match(/^\([^()\n]+\)$/gm) ?? []),
    ),
  );
  return new Set(
    texts
      .flatMap((text) => text.split('\n'))
      .map(bare)
      .filter((line) => line.length >= shortestLine),
  );
};

const runsOf = (text: string): Set<string> => {
  const words = bare(text).split(' ');
  const count = Math.max(1, words.length - 4);
  return new Set(Array.from({ length: count }, (_, at) => words.slice(at, at + 5).join(' ')));
};
/** The share of a message's runs of five words that are in one earlier message; the maximum over all earlier messages. */
const likeness = (text: string, earlier: readonly { text: string }[]): number => {
  const runs = runsOf(text);
  const shares = earlier.map(({ text: other }) => {
    const known = runsOf(other);
    return [...runs].filter((run) => known.has(run)).length / runs.size;
  });
  return Math.max(0, ...shares);
};

const isSecretOut = (secret: string, text: string) => bare(` ${text} `).includes(bare(secret));

/** Computes the figures of a recorded conversation. Pure. */
export const measured = ({ scenario, entries, calls, secrets }: Recorded): Measures => {
  const messages = said(entries);
  const names = [...new Set(messages.map(({ from }) => from))];
  const lapses = entries.filter((entry) => entry.type === 'lapsed');
  const lost = entries.filter(
    (entry) => entry.type === 'passed' && !['nothing-to-say', 'declined'].includes(entry.reason),
  );
  const ended = entries.find((entry) => entry.type === 'ended');
  const failed = new Set([...lapses, ...lost].map((entry) => ('turn' in entry ? entry.turn : undefined)));
  const lines = new Map(names.map((name) => [name, promptLines(calls, name)]));
  const heard = (from: string, before: number, secret: string) =>
    messages.slice(0, before).some((one) => one.from !== from && isSecretOut(secret, one.text));
  return {
    scenario,
    ending: ended?.reason ?? 'none',
    detail: ended?.detail ?? '',
    calls: calls.length,
    turns: entries.filter(({ type }) => type === 'said' || type === 'passed').length,
    said: messages.length,
    failedTurns: failed.size,
    lapses: lapses.map(({ cause }) => cause),
    namesInFront: messages.filter(({ text }) => names.some((name) => label(name).test(text))).length,
    copies: messages.filter(({ text }, at) => likeness(text, messages.slice(0, at)) >= alike).length,
    recitedLines: messages.reduce(
      (sum, { from, text }) =>
        sum + text.split('\n').filter((line) => lines.get(from)?.has(bare(line))).length,
      0,
    ),
    privateLeaks: messages.filter(({ from, text }, at) =>
      (secrets.get(from) ?? []).some((secret) => isSecretOut(secret, text) && !heard(from, at, secret)),
    ).length,
    bareVotes: messages.filter(({ text }) => /^[\s[(*_`"]*done[\])*_`".!\s]*$/i.test(text)).length,
    outputTokens: messages.reduce((sum, { usage }) => sum + (usage?.outputTokens ?? 0), 0),
  };
};

/** The numbers and code words after PRIVATE in a persona. */
export const secretsOf = (persona: string): string[] => {
  const hidden = persona
    .split(/\bPRIVATE:?/)
    .slice(1)
    .join(' ');
  return [...new Set(hidden.match(/\b(?:[A-Z]{3,}-\d+|\d[\d,.]*\d|weathercock)\b/g) ?? [])];
};
