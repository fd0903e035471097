import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import type { ControlAction, ControlBody } from '@parley/protocol';
import { routerOf } from '../api/named-router.ts';
import { UsageError, wholeNumber } from '../arguments.ts';
import type { Command } from '../command.ts';

type Act = Exclude<ControlAction, 'open' | 'fork'>;
type Options = Readonly<Record<string, string | undefined>>;

interface Form<A extends Act> {
  readonly summary: string;
  /** The arguments after the ID. */
  readonly takes: string;
  readonly about?: string;
  readonly options?: readonly string[];
  body(rest: readonly string[], options: Options): ControlBody<A>;
}

const none = (rest: readonly string[]): Record<string, never> => {
  if (rest.length > 0) throw new UsageError(`unexpected ${rest[0]}`);
  return {};
};
const one = (rest: readonly string[], what: string): string => {
  const [first, ...more] = rest;
  if (first === undefined || more.length > 0) throw new UsageError(`expected one ${what} behind the ID`);
  return first;
};
const words = (rest: readonly string[], what: string): string => {
  if (rest.length === 0) throw new UsageError(`expected ${what} behind the ID`);
  return rest.join(' ');
};
const nameList = (raw: string): string[] => raw.split(',').map((name) => name.trim());
const present = <T extends object>(values: { [K in keyof T]: T[K] | undefined }): T =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;

const forms: { readonly [A in Act]: Form<A> } = {
  pause: { summary: 'pause a conversation after the line under way', takes: '', body: none },
  resume: { summary: 'go on with a paused conversation', takes: '', body: none },
  step: {
    summary: 'go on for a number of lines, then pause again',
    takes: ' [LINES]',
    body: ([raw = '1', ...more]) => ({ ...none(more), lines: wholeNumber('lines', raw, 1, 1_000) }),
  },
  end: {
    summary: 'end a conversation',
    takes: ' [WHY...]',
    body: (rest) => (rest.length > 0 ? { detail: rest.join(' ') } : {}),
  },
  say: {
    summary: 'say a line as the operator, or from a seat that you have taken',
    takes: ' TEXT...',
    options: ['as', 'target', 'to'],
    about: `  --as NAME       in the place of this member, whose seat you have taken
  --target NAME   who is addressed
  --to A,B        who hears it; default: all members
`,
    body: (rest, { as, target, to }) =>
      present<ControlBody<'say'>>({
        text: words(rest, 'the line'),
        as,
        target,
        to: to === undefined ? undefined : nameList(to),
      }),
  },
  whisper: {
    summary: 'send a private note to some members',
    takes: ' A,B TEXT...',
    body: ([to = '', ...rest]) => ({ to: nameList(to), text: words(rest, 'names and what they are told') }),
  },
  invite: {
    summary: 'make an agent a member of a conversation',
    takes: ' NAME',
    options: ['history'],
    about: '  --history all|none   whether it sees what was said before (default: all)\n',
    body: (rest, { history = 'all' }) => {
      if (history !== 'all' && history !== 'none') throw new UsageError('--history: expected all or none');
      return { who: one(rest, 'name'), ...(history === 'none' && { history: false }) };
    },
  },
  seat: {
    summary: "take a member's seat: speak in its place with `parley say --as`",
    takes: ' NAME',
    body: (rest) => ({ who: one(rest, 'name') }),
  },
  unseat: {
    summary: 'give the seat back to its member',
    takes: ' NAME',
    body: (rest) => ({ who: one(rest, 'name') }),
  },
  recast: {
    summary: "change a member's model or persona from its next turn on",
    takes: ' NAME',
    options: ['model', 'persona'],
    about: '  --model MODEL    what it asks from now on\n  --persona TEXT   who it is from now on\n',
    body: (rest, { model, persona }) => {
      if (model === undefined && persona === undefined) throw new UsageError('expected --model or --persona');
      return { role: present<ControlBody<'recast'>['role']>({ name: one(rest, 'name'), model, persona }) };
    },
  },
};

const commandOf = <A extends Act>(action: A, form: Form<A>): Command => ({
  summary: form.summary,
  usage: `Usage: parley ${action} ID${form.takes} [OPTIONS]

${form.about ?? ''}  --key KEY       an idempotency key: a repetition with the same key does nothing
  --url URL       the router (default: ROUTER_URL, else http://127.0.0.1:8765)

Where the router has tokens, PARLEY_TOKEN or PARLEY_TOKEN_FILE holds one with the role operator.
`,
  async run(args, host) {
    const options = ['key', 'url', ...(form.options ?? [])].map(
      (name) => [name, { type: 'string' }] as const,
    );
    const { values, positionals } = parseArgs({
      args: [...args],
      options: Object.fromEntries(options),
      allowPositionals: true,
    });
    const { key, url, ...rest } = values as Options;
    const [given, ...behind] = positionals;
    if (given === undefined) throw new UsageError('expected a conversation ID');
    const body = form.body(behind, rest);
    const api = routerOf(url, host);
    const id = await api.conversationId(given);
    const { seq } = await api.act(action, id, body, key ?? randomUUID());
    host.out.write(`${id}: ${action} is entry ${seq}\n`);
    return 0;
  },
});

/** The actions of an operator on one conversation. Each action is a command. */
export const acts: Readonly<Record<Act, Command>> = Object.fromEntries(
  Object.entries(forms).map(([action, form]) => [action, commandOf(action as Act, form as Form<Act>)]),
) as Record<Act, Command>;
