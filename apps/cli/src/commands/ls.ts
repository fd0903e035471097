import { Option } from '@commander-js/extra-typings';
import type { ConversationView } from '@parley/protocol';
import { integerIn } from '../arguments.ts';
import { type CommandMaker, commandNamed } from '../command.ts';
import { chosenRouter } from '../deployment/chosen-router.ts';
import { contextOption, jsonOption, runOption, urlOption } from '../options.ts';
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

export const ls: CommandMaker = (host) =>
  commandNamed('ls', 'list the conversations of a router', 'Lists conversations, the newest first.')
    .addOption(
      new Option('--limit <N>', 'the newest N').argParser(integerIn('--limit', 1, 1_000_000)).default(100),
    )
    .addOption(jsonOption)
    .addOption(urlOption)
    .addOption(contextOption)
    .addOption(runOption)
    .action(async ({ limit, json, ...where }) => {
      const { out, err } = host;
      await using router = await chosenRouter(where, host);
      const conversations = await router.api.conversations(limit);
      if (json) out.write(`${jsonText(conversations, 2)}\n`);
      else if (conversations.length === 0) err.write(`${paint(err, 'no conversations yet', 'dim')}\n`);
      else out.write(table(out, columns, conversations));
    });
