import { spawn } from 'node:child_process';
import { defaultPort } from '@parley/protocol';
import { ConfigError } from '@parley/runtime';
import { routerOf } from '../../api/named-router.ts';
import { type CommandMaker, commandNamed, type Host } from '../../command.ts';
import { routerOfRun } from '../../deployment/chosen-router.ts';
import { hasKeptRun } from '../../deployment/kept-run.ts';
import { freePort } from '../../deployment/own-deployment.ts';
import { contextOption, portOption, urlOption } from '../../options.ts';
import { paint } from '../../terminal/terminal.ts';

/** What opens an address in the browser of the user. */
const openers: Readonly<Partial<Record<NodeJS.Platform, readonly [program: string, ...args: string[]]>>> = {
  darwin: ['open'],
  win32: ['cmd', '/c', 'start', ''],
};

/** Asks the desktop to open the page. Where there is no desktop, the address that was printed is enough. */
const showPage = (url: string, { out, env }: Host): void => {
  if (!out.live || env.SSH_CONNECTION) return;
  const [program, ...args] = openers[process.platform] ?? ['xdg-open'];
  spawn(program, [...args, url], { stdio: 'ignore', detached: true })
    .on('error', () => {})
    .unref();
};

const openRun = async (
  which: string,
  port: number | undefined,
  browser: boolean,
  host: Host,
): Promise<void> => {
  await using router = await routerOfRun(which, host, port ?? (await freePort(defaultPort)));
  const { run, api, halted } = router;
  host.out.write(`${run.name} at ${api.url}\n${paint(host.out, 'Ctrl-C stops it', 'dim')}\n`);
  if (browser) showPage(api.url, host);
  if (!halted.aborted) await new Promise((resolve) => halted.addEventListener('abort', resolve));
  if (!host.stop.aborted) throw halted.reason;
};

export const open: CommandMaker = (host) =>
  commandNamed(
    'open',
    'show a router, a conversation or a kept run in the browser',
    `Prints the address of the page, and opens it in the browser where the output is a terminal. WHAT is a conversation of the router (its id, or the beginning of it) or a kept run (its name as \`parley runs\` lists it, its folder, or \`last\`). For a kept run it starts a router on its ledger, without agents, until Ctrl-C. Without WHAT it is the page of the router; where there is no router, the last kept run.`,
  )
    .argument('[WHAT]', 'a conversation or a kept run')
    .option('--no-browser', 'only print the address')
    .addOption(portOption)
    .addOption(urlOption)
    .addOption(contextOption)
    .action(async (what, { browser, port, ...where }) => {
      if (what !== undefined && hasKeptRun(what, host.env)) return await openRun(what, port, browser, host);
      const api = routerOf(where, host);
      let page = `${api.url}/`;
      try {
        // Asked in both cases, so that no page of a router that is not there is opened.
        if (what === undefined) await api.agents();
        else page += `#/${encodeURIComponent(await api.conversationId(what))}`;
      } catch (error) {
        const isNamed = what !== undefined || where.url !== undefined || where.context !== undefined;
        if (isNamed || !(error instanceof ConfigError) || !hasKeptRun('last', host.env)) throw error;
        return await openRun('last', port, browser, host);
      }
      host.out.write(`${page}\n`);
      if (browser) showPage(page, host);
    });
