import { Option } from '@commander-js/extra-typings';
import { ConfigError } from '@parley/runtime';
import { type CommandMaker, commandNamed } from '../command.ts';
import { chosenRouter } from '../deployment/chosen-router.ts';
import { type Format, formats, perspectives } from '../export-formats.ts';
import { idHelp, runOption, urlOption } from '../options.ts';

export const exportCommand: CommandMaker = (host) =>
  commandNamed('export', 'write a conversation in a format that other tools read')
    .argument('<ID>', idHelp)
    .addOption(
      new Option('--format <FORMAT>', 'how to write it').choices([...formats.keys()]).default('jsonl'),
    )
    .option(
      '--as <NAME>',
      'only what this member could see; in sharegpt and openai its messages are those of the assistant (default there: who opened the conversation)',
    )
    .addOption(urlOption)
    .addOption(runOption)
    .addHelpText(
      'after',
      `
Formats:
  jsonl             every entry of the ledger, one a line
  markdown          for people
  sharegpt, openai  one training example, as one member saw it`,
    )
    .action(async (given, { format: name, as: member, ...where }) => {
      const format = formats.get(name) as Format;
      await using router = await chosenRouter(where, host);
      const id = await router.api.conversationId(given);
      const { conversation, entries } = await router.api.conversation(id);
      const as = member ?? conversation.by;
      const hasLeft = entries.some((entry) => entry.type === 'left' && entry.who === as);
      if (!conversation.members.includes(as) && !hasLeft) {
        throw new ConfigError([
          `${as} is no member of ${id}: its members are ${conversation.members.join(', ')}`,
        ]);
      }
      const isPart = member !== undefined || perspectives.has(name);
      const seen = isPart ? (await router.api.conversation(id, as)).entries : entries;
      host.out.write(format(seen, as));
    });
