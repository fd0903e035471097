import { Option } from '@commander-js/extra-typings';
import { integerIn } from '../../arguments.ts';
import { type CommandMaker, commandNamed } from '../../command.ts';
import { chosenRouter } from '../../deployment/chosen-router.ts';
import { contextOption, jsonOption, runOption, urlOption } from '../../options.ts';
import { conversationTable } from '../../terminal/conversation-table.ts';
import { jsonText, paint } from '../../terminal/terminal.ts';

export const ls: CommandMaker = (host) =>
  commandNamed('ls', 'list the conversations of a router', 'Lists conversations, the newest first.')
    .addOption(
      new Option('--limit <N>', 'the newest N').argParser(integerIn('--limit', 1, 1_000_000)).default(100),
    )
    .option('-q, --quiet', 'only the ids, one on each line: ID=$(parley ls -q --limit 1)')
    .addOption(jsonOption)
    .addOption(urlOption)
    .addOption(contextOption)
    .addOption(runOption)
    .action(async ({ limit, json, quiet, ...where }) => {
      const { out, err } = host;
      await using router = await chosenRouter(where, host);
      const conversations = await router.api.conversations(limit);
      if (json) out.write(`${jsonText(conversations, 2)}\n`);
      else if (quiet) out.write(conversations.map(({ id }) => `${id}\n`).join(''));
      else if (conversations.length === 0) err.write(`${paint(err, 'no conversations yet', 'dim')}\n`);
      else out.write(conversationTable(out, conversations));
    });
