import { parseArgs } from 'node:util';
import type { ConversationView } from '@parley/protocol';
import { UsageError, wholeNumber } from '../arguments.ts';
import type { Command } from '../command.ts';
import { chosenRouter, routerHelp, routerOptions } from '../deployment/chosen-router.ts';
import { type Column, table } from '../terminal/table.ts';
import { jsonText, paint } from '../terminal/terminal.ts';

const columns: readonly Column<ConversationView>[] = [
  { title: 'ID', text: ({ id }) => id },
  {
    title: 'STATUS',
    text: ({ status, ending }) => (ending ? `${status}: ${ending.reason}` : status),
    styles: ({ status, ending }) =>
      status === 'running' ? ['green'] : ending?.reason === 'failed' ? ['red'] : ['dim'],
  },
  { title: 'TURNS', text: ({ turns }) => String(turns), right: true },
  {
    title: 'STARTED',
    text: ({ startedAt }) => new Date(startedAt).toISOString().slice(0, 19).replace('T', ' '),
  },
  { title: 'MEMBERS', text: ({ members }) => members.join(', ') },
  { title: 'TOPIC', text: ({ topic }) => topic ?? '' },
];

export const ls: Command = {
  summary: 'list the conversations of a router',
  usage: `Usage: parley ls [--limit N] [--json] [--url URL | --run RUN]

  --limit N   the newest N (100 unless it is given)
  --json      as a JSON list
${routerHelp}`,
  async run(args, host) {
    const { out, err } = host;
    const { values, positionals } = parseArgs({
      args: [...args],
      options: {
        json: { type: 'boolean', default: false },
        limit: { type: 'string', default: '100' },
        ...routerOptions,
      },
      allowPositionals: true,
    });
    if (positionals.length > 0) throw new UsageError(`ls takes no ${positionals[0]}`);
    const limit = wholeNumber('limit', values.limit, 1, 1_000_000);
    await using router = await chosenRouter(values, host);
    const conversations = await router.api.conversations(limit);
    if (values.json) out.write(`${jsonText(conversations, 2)}\n`);
    else if (conversations.length === 0) err.write(`${paint(err, 'no conversations yet', 'dim')}\n`);
    else out.write(table(out, columns, conversations));
    return 0;
  },
};
