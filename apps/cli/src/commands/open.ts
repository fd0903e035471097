import { defaultPort } from '@parley/protocol';
import { type CommandMaker, commandNamed } from '../command.ts';
import { routerOfRun } from '../deployment/chosen-router.ts';
import { freePort } from '../deployment/own-deployment.ts';
import { portOption } from '../options.ts';
import { paint } from '../terminal/terminal.ts';

export const open: CommandMaker = (host) =>
  commandNamed(
    'open',
    'show a kept run in the browser',
    `Starts a router on the ledger of the run, without agents, until Ctrl-C. Its port is ${defaultPort}, or a free one where that is taken.`,
  )
    .argument('[RUN]', 'its name as `parley runs` lists it, or its folder', 'last')
    .addOption(portOption)
    .action(async (which, { port }) => {
      await using router = await routerOfRun(which, host, port ?? (await freePort(defaultPort)));
      const { run, api, halted } = router;
      host.out.write(`${run.name} at ${api.url}\n${paint(host.out, 'Ctrl-C stops it', 'dim')}\n`);
      if (!halted.aborted) await new Promise((resolve) => halted.addEventListener('abort', resolve));
      if (!host.stop.aborted) throw halted.reason;
    });
