import { randomUUID } from 'node:crypto';
import type { Interface } from 'node:readline';
import { ConfigError } from '@parley/runtime';
import { toItsEnd } from '../../api/follow.ts';
import { routerOf } from '../../api/named-router.ts';
import type { RouterApi } from '../../api/router-api.ts';
import { nameList } from '../../arguments.ts';
import { type CommandMaker, commandNamed, type Host } from '../../command.ts';
import { contextOption, idHelp, urlOption } from '../../options.ts';
import { endingText } from '../../terminal/ending-text.ts';
import { PlainTranscript } from '../../terminal/plain-transcript.ts';
import { harmless, paint, wrap } from '../../terminal/terminal.ts';

const shownBefore = 20;

const usage = `What you type is said, a line at a time. /to NAME TEXT addresses a member, /aside A,B TEXT is heard by these members
only, /leave (or Ctrl-D) gives the seat back.`;

interface Seat {
  readonly api: RouterApi;
  readonly id: string;
  readonly name: string;
  readonly host: Host;
  readonly input: Interface;
}

/** Writes above the line that the user is typing. */
const print = ({ host, input }: Seat, text: string): void => {
  const { out } = host;
  if (out.live) out.write('\r\x1b[J');
  out.write(text);
  if (out.live) input.prompt(true);
};

/** A text of this program, no wider than a terminal usually is. */
const noteText = ({ out }: Host, text: string): string =>
  wrap(text.replaceAll('\n', ' '), Math.min(80, out.columns) - 1)
    .map((line) => `${paint(out, line, 'dim')}\n`)
    .join('');

const refused = (seat: Seat, error: unknown): void => {
  // What the router refuses, such as a turn of another member, is for the user; the seat is kept.
  if (!(error instanceof ConfigError)) throw error;
  print(seat, `${paint(seat.host.out, `* ${harmless(error.message)}`, 'yellow')}\n`);
};

type Said =
  | { readonly kind: 'say'; readonly text: string; readonly target?: string; readonly to?: readonly string[] }
  | { readonly kind: 'leave' }
  | { readonly kind: 'unknown'; readonly what: string }
  | { readonly kind: 'nothing' };

/** What a line that was typed means. A message that begins with a slash is written with two. */
export const typed = (line: string): Said => {
  const text = line.trim();
  if (text === '') return { kind: 'nothing' };
  if (!text.startsWith('/') || text.startsWith('//'))
    return { kind: 'say', text: text.replace(/^\/\//, '/') };
  const [, command = '', rest = ''] = /^\/(\S+)\s*(.*)$/s.exec(text) ?? [];
  if (command === 'leave' && rest === '') return { kind: 'leave' };
  const [, names, message] = /^(\S+)\s+(.+)$/s.exec(rest) ?? [];
  if (names === undefined || message === undefined) return { kind: 'unknown', what: text };
  if (command === 'to') return { kind: 'say', text: message, target: names };
  if (command === 'aside') return { kind: 'say', text: message, to: nameList(names) };
  return { kind: 'unknown', what: text };
};

/** Says what is typed, until the user leaves. */
const speak = async (seat: Seat): Promise<void> => {
  const { api, id, name, input } = seat;
  for await (const line of input) {
    const said = typed(line);
    if (said.kind === 'leave') return;
    if (said.kind === 'unknown') print(seat, noteText(seat.host, usage));
    if (said.kind !== 'say') continue;
    const { kind: _, ...body } = said;
    try {
      await api.act('say', id, { ...body, as: name }, randomUUID());
    } catch (error) {
      refused(seat, error);
    }
  }
};

/** Shows what the member hears, from its newest messages on; resolves when the conversation has ended. */
const listen = async (seat: Seat, from: number, stop: AbortSignal): Promise<void> => {
  const { api, id, name, host } = seat;
  const transcript = new PlainTranscript({ ...host.out, write: (text) => print(seat, text) });
  let shown = from;
  const catchUp = async () => {
    for await (const { entries } of api.conversationPages(id, { since: shown, as: name })) {
      for (const entry of entries) {
        shown = entry.seq;
        transcript.entry(entry);
        const hasFloor = 'floor' in entry && entry.floor?.includes(name);
        if (hasFloor) transcript.note('it is your turn');
        if (entry.type === 'ended') transcript.note(`ended: ${endingText(entry)}`);
      }
    }
  };
  for await (const event of toItsEnd(api, id, stop)) {
    // The event shows everything; what is shown is what the member may see.
    if (event.kind === 'entry' && event.entry.seq > shown) await catchUp();
  }
};

/** Takes the seat of the member, which is invited where it is none. Resolves with true when it was a member before. */
const sit = async (api: RouterApi, id: string, name: string): Promise<boolean> => {
  const { members, seats } = await api.summary(id);
  const isMember = members.includes(name);
  if (!isMember) await api.act('invite', id, { who: name }, randomUUID());
  if (!Object.hasOwn(seats, name)) await api.act('seat', id, { who: name }, randomUUID());
  return isMember;
};

export const join: CommandMaker = (host) =>
  commandNamed(
    'join',
    'take part in a conversation yourself, in this terminal',
    `Takes the seat of a member: you speak in its place and see what it hears. A NAME that is no member is invited first. The conversation waits for you when it is your turn. ${usage.replaceAll('\n', ' ')} A member that has an agent gets its seat back when you leave; the seat of one that was invited for you is kept, so that the conversation goes on waiting.`,
  )
    .argument('<ID>', idHelp)
    .argument('<NAME>', 'the member')
    .addOption(urlOption)
    .addOption(contextOption)
    .action(async (given, name, where) => {
      const { out, stop } = host;
      const api = routerOf(where, host);
      const id = await api.conversationId(given);
      const wasMember = await sit(api, id, name);
      const input = host.lines();
      const over = new AbortController();
      const both = AbortSignal.any([stop, over.signal]);
      // Its stream of events ends with the seat, too.
      const seat: Seat = { api: routerOf(where, { env: host.env, stop: both }), id, name, host, input };
      both.addEventListener('abort', () => input.close());
      print(seat, noteText(host, `You are ${name}. ${usage}`));
      const { seq } = await api.summary(id);
      const listening = listen(seat, Math.max(0, seq - shownBefore), both).then(() => over.abort());
      try {
        await Promise.race([speak(seat), listening]);
      } finally {
        over.abort();
        await listening.catch(() => {});
        input.close();
        if (wasMember) {
          // It may have ended, or the router may be gone; then there is no seat to give back.
          const late = routerOf(where, { env: host.env, stop: AbortSignal.timeout(2_000) });
          await late.act('unseat', id, { who: name }, randomUUID()).catch(() => {});
        } else out.write(`${name} stays a member: \`parley join ${id} ${name}\` comes back\n`);
      }
    });
