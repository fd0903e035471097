import type { RecordedCall, RecordedRequest } from './recorded-call.ts';

/** Characters shown around the first difference of two texts. */
const context = 60;

const shared = (a: string, b: string): number => {
  const most = Math.min(a.length, b.length);
  let length = 0;
  while (length < most && a[length] === b[length]) length++;
  return length;
};

/** Similarity of two requests: the number of equal messages from the start, then the equal part of the first different one. */
const likeness = (recorded: RecordedRequest, asked: RecordedRequest): number => {
  let score = recorded.model === asked.model ? 0.5 : 0;
  for (const [index, message] of asked.messages.entries()) {
    const other = recorded.messages[index];
    if (other?.role !== message.role) break;
    const same = shared(other.content, message.content);
    const longer = Math.max(other.content.length, message.content.length, 1);
    score += same / longer;
    if (same < longer) break;
  }
  return score - 0.01 * Math.abs(recorded.messages.length - asked.messages.length);
};

/** The recorded call with the most similar request; undefined when there is none. */
export const nearest = (calls: Iterable<RecordedCall>, asked: RecordedRequest): RecordedCall | undefined => {
  let best: { call: RecordedCall; score: number } | undefined;
  for (const call of calls) {
    const score = likeness(call.request, asked);
    if (!best || score > best.score) best = { call, score };
  }
  return best?.call;
};

const around = (text: string, at: number): string => {
  const start = Math.max(0, at - context);
  const end = Math.min(text.length, at + context);
  return JSON.stringify(
    `${start > 0 ? '…' : ''}${text.slice(start, end)}${end < text.length ? '…' : ''}`,
  ).slice(1, -1);
};

const both = (place: string, recorded: string | undefined, asked: string | undefined): string[] => {
  if (recorded === asked) return [];
  const at = shared(recorded ?? '', asked ?? '');
  return [
    `@ ${place}`,
    ...(recorded === undefined ? [] : [`- ${around(recorded, at)}`]),
    ...(asked === undefined ? [] : [`+ ${around(asked, at)}`]),
  ];
};

/**
 * The difference of two requests as text: `-` is the recorded one, `+` the present one, with a few words around each first
 * difference.
 */
export const difference = (recorded: RecordedRequest, asked: RecordedRequest): string => {
  const lines: string[] = [];
  for (const name of ['model', 'maxOutputTokens', 'temperature', 'seed'] as const) {
    lines.push(...both(name, recorded[name]?.toString(), asked[name]?.toString()));
  }
  const count = Math.max(recorded.messages.length, asked.messages.length);
  for (let index = 0; index < count; index++) {
    const [was, is] = [recorded.messages[index], asked.messages[index]];
    const place = `message ${index + 1} of ${count}, ${(is ?? was)?.role}`;
    if (was?.role !== is?.role && was && is) lines.push(...both(`${place}: role`, was.role, is.role));
    lines.push(...both(place, was?.content, is?.content));
  }
  return lines.join('\n');
};
