import { parseArgs } from 'node:util';
import { UsageError } from '../arguments.ts';
import type { Command } from '../command.ts';
import { chosenRouter, routerHelp, routerOptions } from '../deployment/chosen-router.ts';
import { sideBySide } from '../terminal/side-by-side.ts';

export const diff: Command = {
  summary: 'show two branches of a conversation side by side',
  usage: `Usage: parley diff ID ID [--url URL | --run RUN]

${routerHelp}
What both share is folded into one line. As wide as the terminal, or 120 columns when piped.
`,
  async run(args, host) {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: routerOptions,
      allowPositionals: true,
    });
    const [a, b, ...more] = positionals;
    if (a === undefined || b === undefined || more.length > 0)
      throw new UsageError('expected two conversation IDs');
    await using router = await chosenRouter(values, host);
    const { api } = router;
    const ids = await Promise.all([api.conversationId(a), api.conversationId(b)]);
    const [first, second] = await Promise.all([api.conversation(ids[0]), api.conversation(ids[1])]);
    host.out.write(
      sideBySide(host.out, { id: ids[0], entries: first.entries }, { id: ids[1], entries: second.entries }),
    );
    return 0;
  },
};
