import { parseArgs } from 'node:util';
import { ConfigError } from '@parley/kit';
import { type Command, onlyOne, routerOf, UsageError } from '../command.ts';
import { formats } from '../formats.ts';

export const exportCommand: Command = {
  summary: 'write a conversation in a format that other tools read',
  usage: `Usage: parley export ID [--format FORMAT] [--as NAME] [--url URL]

  --format FORMAT   jsonl: every entry of the ledger, one a line (default)
                    markdown: for people
                    sharegpt, openai: one training example, seen by one member
  --as NAME         the member whose lines are the assistant's (default: who opened the conversation)
  --url URL         the router (default: ROUTER_URL, else http://127.0.0.1:8765)
`,
  async run(args, { env, out, stop }) {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: {
        format: { type: 'string', default: 'jsonl' },
        as: { type: 'string' },
        url: { type: 'string' },
      },
      allowPositionals: true,
    });
    const id = onlyOne(positionals, 'conversation ID');
    const format = formats.get(values.format);
    if (!format) throw new UsageError(`--format: expected one of ${[...formats.keys()].join(', ')}`);
    const { conversation, entries } = await routerOf(values.url, { env, stop }).conversation(id);
    const as = values.as ?? conversation.by;
    if (!conversation.members.includes(as)) {
      throw new ConfigError([
        `${as} is no member of ${id}: its members are ${conversation.members.join(', ')}`,
      ]);
    }
    out.write(format(entries, as));
    return 0;
  },
};
