import { parseArgs } from 'node:util';
import { defaultPort } from '@parley/protocol';
import { UsageError, wholeNumber } from '../arguments.ts';
import type { Command } from '../command.ts';
import { routerOfRun } from '../deployment/chosen-router.ts';
import { freePort } from '../deployment/own-deployment.ts';
import { paint } from '../terminal/terminal.ts';

export const open: Command = {
  summary: 'show a kept run in the browser',
  usage: `Usage: parley open [RUN] [--port PORT]

  RUN           its name as \`parley runs\` lists it, or its folder (default: the last one)
  --port PORT   of the web page (default: ${defaultPort}, or a free one if it is taken)

Starts a router on the ledger of the run, without agents, until Ctrl-C.
`,
  async run(args, host) {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { port: { type: 'string' } },
      allowPositionals: true,
    });
    if (positionals.length > 1) throw new UsageError('expected at most one run');
    const port =
      values.port === undefined ? await freePort(defaultPort) : wholeNumber('port', values.port, 0, 65_535);
    await using router = await routerOfRun(positionals[0] ?? 'last', host, port);
    const { run, api, halted } = router;
    host.out.write(`${run.name} at ${api.url}\n${paint(host.out, 'Ctrl-C stops it', 'dim')}\n`);
    if (!halted.aborted) await new Promise((resolve) => halted.addEventListener('abort', resolve));
    if (!host.stop.aborted) throw halted.reason;
    return 0;
  },
};
