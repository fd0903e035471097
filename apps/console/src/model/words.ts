import type { ConversationView, WaitReason } from '@parley/protocol';

/** Numbers and states as text. */

const whole = new Intl.NumberFormat();
const money = new Intl.NumberFormat(undefined, {
  style: 'currency',
  currency: 'USD',
  maximumSignificantDigits: 3,
});
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });
const minute = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' });
const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'short', timeStyle: 'short' });

export const number = (value: number): string => whole.format(value);
export const dollars = (value: number): string => money.format(value);
export const timeOf = (at: number): string => clock.format(at);
export const minuteOf = (at: number): string => minute.format(at);
export const dateOf = (at: number): string => day.format(at);

export const duration = (ms: number): string => {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  const [h, m, s] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (value: number) => String(value).padStart(2, '0');
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
};

export const count = (value: number, one: string, many = `${one}s`): string =>
  `${number(value)} ${value === 1 ? one : many}`;

/** 0 is no limit. */
export const against = (value: string, limit: number, text: string): string =>
  limit > 0 ? `${value} of ${text}` : value;

export const titleOf = ({ topic, members }: Pick<ConversationView, 'topic' | 'members'>): string =>
  topic?.trim() || members.join(', ');

/** How long ago, or how long since. */
export const span = (ms: number): string => {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} days`;
};

export const waits: Readonly<Record<WaitReason, string>> = {
  rate: 'waits for the rate limit of its model',
  replica: 'waits: all its replicas are busy',
  absent: 'waits: not connected',
  gathering: 'waits until all members are connected',
  pace: 'waits for the pace of the conversation',
  retry: 'waits for the next attempt',
  seat: 'has the floor',
  paused: 'waits: paused',
};

/** Reads own keys only, because a name may equal an inherited property. */
const own = <T>(record: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(record, name) ? record[name] : undefined;

/** Why the turn of a member was not granted yet; undefined when it was. */
const waitOf = ({ waiting }: Pick<ConversationView, 'waiting'>, name: string): string | undefined => {
  const wait = own(waiting, name);
  return wait === undefined ? undefined : (own(waits, wait) ?? `waits: ${wait}`);
};

/** The activity of a member. */
export const stateOf = (
  view: Pick<ConversationView, 'floor' | 'waiting' | 'seats' | 'votes'>,
  name: string,
): string => {
  const seat = own(view.seats, name);
  return [
    view.floor.includes(name) && (waitOf(view, name) ?? 'has the floor'),
    seat !== undefined && `${seat} speaks for it`,
    view.votes.includes(name) && 'votes to end',
  ]
    .filter(Boolean)
    .join(' · ');
};

/** The members with the floor and their activity, as one sentence. */
export const floorSentence = (
  view: ConversationView,
  writing: ReadonlySet<string>,
  sinceMs: number,
): string => {
  if (view.status === 'ended') return '';
  if (view.status === 'paused') return 'Paused.';
  const [first, ...others] = view.floor;
  if (first === undefined) return 'No member has the floor.';
  if (others.length > 0) return `The floor is open to ${view.floor.join(', ')}.`;
  if (writing.has(first)) return `${first} has been writing for ${Math.round(sinceMs / 1_000)} s.`;
  const wait = own(view.waiting, first);
  if (wait === 'absent') return `Waits: no replica of ${first} is connected.`;
  if (wait !== undefined && wait !== 'seat') return `${first} ${waitOf(view, first)}.`;
  const seat = own(view.seats, first);
  if (seat !== undefined) return `${first} has the floor; ${seat} speaks for it.`;
  return `${first} has had the floor for ${Math.round(sinceMs / 1_000)} s.`;
};

/** The number of one of eight colours: the same for a member during the whole conversation; none for non-members. */
export const colourOf = (members: readonly string[], name: string): string => {
  const index = members.indexOf(name);
  return index < 0 ? 'colour-none' : `colour-${index % 8}`;
};

/** The duration of the conversation without pauses. */
export const elapsedOf = (view: ConversationView, now: number): number =>
  (view.endedAt ?? view.pausedAt ?? now) - view.startedAt - view.pausedMs;
