import { parseArgs } from 'node:util';
import { ConfigError } from '@parley/runtime';
import { onlyOne, UsageError } from '../arguments.ts';
import type { Command } from '../command.ts';
import { chosenRouter, routerHelp, routerOptions } from '../deployment/chosen-router.ts';
import { formats, perspectives } from '../export-formats.ts';

export const exportCommand: Command = {
  summary: 'write a conversation in a format that other tools read',
  usage: `Usage: parley export ID [--format FORMAT] [--as NAME] [--url URL | --run RUN]

  --format FORMAT   jsonl: every entry of the ledger, one a line (default)
                    markdown: for people
                    sharegpt, openai: one training example, as one member saw it
  --as NAME         only what this member could see; in sharegpt and openai its lines are the assistant's (default
                    there: who opened the conversation; in jsonl and markdown: everything)
${routerHelp}`,
  async run(args, host) {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: {
        format: { type: 'string', default: 'jsonl' },
        as: { type: 'string' },
        ...routerOptions,
      },
      allowPositionals: true,
    });
    const given = onlyOne(positionals, 'conversation ID');
    const format = formats.get(values.format);
    if (!format) throw new UsageError(`--format: expected one of ${[...formats.keys()].join(', ')}`);
    await using router = await chosenRouter(values, host);
    const id = await router.api.conversationId(given);
    const { conversation, entries } = await router.api.conversation(id);
    const as = values.as ?? conversation.by;
    const hasLeft = entries.some((entry) => entry.type === 'left' && entry.who === as);
    if (!conversation.members.includes(as) && !hasLeft) {
      throw new ConfigError([
        `${as} is no member of ${id}: its members are ${conversation.members.join(', ')}`,
      ]);
    }
    const isPart = values.as !== undefined || perspectives.has(values.format);
    const seen = isPart ? (await router.api.conversation(id, as)).entries : entries;
    host.out.write(format(seen, as));
    return 0;
  },
};
