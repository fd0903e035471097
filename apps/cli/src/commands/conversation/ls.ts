import { Option } from '@commander-js/extra-typings';
import type { FoundMessage } from '@parley/protocol';
import { integerIn } from '../../arguments.ts';
import { type CommandMaker, commandNamed } from '../../command.ts';
import { chosenRouter } from '../../deployment/chosen-router.ts';
import { contextOption, filterQuery, jsonOption, runOption, urlOption, withFilters } from '../../options.ts';
import { conversationTable } from '../../terminal/conversation-table.ts';
import { jsonText, paint } from '../../terminal/terminal.ts';

export const ls: CommandMaker = (host) =>
  withFilters(
    commandNamed(
      'ls',
      'list the conversations of a router',
      'Lists conversations, the newest first; with filters, those that pass all of them.',
    )
      .addOption(
        new Option('--limit <N>', 'the newest N').argParser(integerIn('--limit', 1, 1_000_000)).default(100),
      )
      .option('-q, --quiet', 'only the ids, one on each line: ID=$(parley ls -q --limit 1)'),
  )
    .addOption(jsonOption)
    .addOption(urlOption)
    .addOption(contextOption)
    .addOption(runOption)
    .action(async ({ limit, json, quiet, url, context, run, ...filters }) => {
      const { out, err } = host;
      await using router = await chosenRouter({ url, context, run }, host);
      const query = filterQuery(filters);
      const found = new Map<string, FoundMessage>();
      const conversations = await router.api.conversations(limit, query, found);
      if (json) out.write(`${jsonText(conversations, 2)}\n`);
      else if (quiet) out.write(conversations.map(({ id }) => `${id}\n`).join(''));
      else if (conversations.length > 0) out.write(conversationTable(out, conversations, found));
      else {
        const none = Object.values(query).some((value) => value !== undefined);
        err.write(
          `${paint(err, none ? 'no conversation passes these filters' : 'no conversations yet', 'dim')}\n`,
        );
      }
    });
