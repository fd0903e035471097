import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import type { Entry, Role } from '@parley/protocol';
import { ConfigError } from '@parley/runtime';
import { toItsEnd } from '../api/follow.ts';
import { routerOf } from '../api/named-router.ts';
import { onlyOne, UsageError, wholeNumber } from '../arguments.ts';
import type { Command } from '../command.ts';
import { exitCodeOf } from '../exit-codes.ts';
import { readChange } from '../scenario/changes.ts';
import { ConversationDisplay } from '../terminal/conversation-display.ts';
import { harmless } from '../terminal/terminal.ts';

/** The seq of the last entry before the message of turn `turn`. The entries up to it are shared. */
const entryBefore = (entries: readonly Entry[], turn: number): number | undefined => {
  const lines = entries.filter(({ type }) => type === 'said' || type === 'passed');
  if (lines.length < turn - 1) return undefined;
  return turn === 1 ? entries[0]?.seq : lines[turn - 2]?.seq;
};

const rolesOf = (raw: readonly string[]): Role[] => {
  const roles = new Map<string, Role>();
  for (const one of raw) {
    const { path, value } = readChange('set', one);
    const key = path.at(-1);
    const name = path
      .slice(0, -1)
      .join('.')
      .replace(/^cast\./, '');
    if (name === '' || (key !== 'model' && key !== 'persona')) {
      throw new UsageError(`--set: expected NAME.model=… or NAME.persona=…, got ${JSON.stringify(one)}`);
    }
    roles.set(name, { ...roles.get(name), name, [key]: value });
  }
  return [...roles.values()];
};

export const fork: Command = {
  summary: 'go on from the middle of a conversation, with something changed',
  usage: `Usage: parley fork ID (--at N | --turn N) [--set NAME.model=… | --set NAME.persona=…]... [OPTIONS]

  --at N             share the entries up to number N
  --turn N           share the first N - 1 lines; line N is the first that may differ
  --set NAME.KEY=…   another model or persona for a member; may be repeated
  --turns N          another limit on turns, those that are shared counted in
  --follow           show the fork to its end; the exit code is then that of its ending
  --key KEY          an idempotency key: a repetition with the same key finds the same fork
  --url URL          the router (default: ROUTER_URL, else http://127.0.0.1:8765)

Prints the id of the fork. \`parley diff ID FORK\` shows the two side by side.
`,
  async run(args, host) {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: {
        at: { type: 'string' },
        turn: { type: 'string' },
        turns: { type: 'string' },
        set: { type: 'string', multiple: true, default: [] },
        follow: { type: 'boolean', default: false },
        key: { type: 'string' },
        url: { type: 'string' },
      },
      allowPositionals: true,
    });
    const given = onlyOne(positionals, 'conversation ID');
    if ((values.at === undefined) === (values.turn === undefined))
      throw new UsageError('expected --at or --turn');
    const cast = rolesOf(values.set);
    const api = routerOf(values.url, host);
    const id = await api.conversationId(given);
    const { entries } = await api.conversation(id);
    const at =
      values.at !== undefined
        ? wholeNumber('at', values.at, 1, Number.MAX_SAFE_INTEGER)
        : entryBefore(entries, wholeNumber('turn', values.turn as string, 1, Number.MAX_SAFE_INTEGER));
    if (at === undefined || at > entries.length) throw new ConfigError([`${id} is not that long`]);
    const body = {
      at,
      ...(cast.length > 0 && { cast }),
      ...(values.turns !== undefined && {
        limits: { maxTurns: wholeNumber('turns', values.turns, 0, 1_000_000_000) },
      }),
    };
    const { conversation } = await api.act('fork', id, body, values.key ?? randomUUID());
    host.out.write(`${harmless(conversation)}\n`);
    if (!values.follow) return 0;
    using view = new ConversationDisplay(host.out);
    const ending = await view.show(api, toItsEnd(api, conversation, host.stop));
    view.footer();
    return ending ? exitCodeOf(ending.reason) : 1;
  },
};
