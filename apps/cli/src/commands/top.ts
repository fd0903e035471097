import { setTimeout as delay } from 'node:timers/promises';
import { Option } from '@commander-js/extra-typings';
import type { AgentView, ConversationView } from '@parley/protocol';
import { ConfigError } from '@parley/runtime';
import type { RouterApi } from '../api/router-api.ts';
import { integerIn } from '../arguments.ts';
import { type CommandMaker, commandNamed } from '../command.ts';
import { chosenRouter } from '../deployment/chosen-router.ts';
import { contextOption, jsonOption, runOption, urlOption } from '../options.ts';
import { overview } from '../terminal/overview.ts';
import { jsonText, paint, type Screen } from '../terminal/terminal.ts';

/** The newest conversations; more do not fit on a screen. */
const most = 200;

interface Snapshot {
  readonly conversations: readonly ConversationView[];
  readonly agents: readonly AgentView[];
}

const look = async (api: RouterApi): Promise<Snapshot> => {
  const [conversations, agents] = await Promise.all([api.conversations(most), api.agents({ away: '1' })]);
  return { conversations, agents };
};

/** Draws again over what it has drawn. */
const redraw = (out: Screen, before: number, lines: readonly string[]): number => {
  const up = before > 1 ? `\x1b[${before - 1}A` : '';
  out.write(`${before > 0 ? `${up}\r\x1b[J` : ''}${lines.join('\n')}`);
  return lines.length;
};

export const top: CommandMaker = (host) =>
  commandNamed(
    'top',
    'a live table of conversations and agents',
    'Shows the newest conversations, those that run first, and the agents, and keeps them up to date until Ctrl-C. In a pipe, and with --json, it shows them once.',
  )
    .addOption(
      new Option('--every <SECONDS>', 'how often it looks')
        .argParser(integerIn('--every', 1, 3_600))
        .default(2),
    )
    .addOption(jsonOption)
    .addOption(urlOption)
    .addOption(contextOption)
    .addOption(runOption)
    .action(async ({ every, json, ...where }) => {
      const { out, stop } = host;
      await using router = await chosenRouter(where, host);
      const { api } = router;
      const first = await look(api);
      if (json) {
        out.write(`${jsonText(first, 2)}\n`);
        return;
      }
      if (!out.live) {
        out.write(`${overview(out, first, Date.now()).join('\n')}\n`);
        return;
      }
      let lines = overview(out, first, Date.now());
      try {
        for (let drawn = 0; ; ) {
          drawn = redraw(out, drawn, lines.slice(0, Math.max(1, out.rows - 1)));
          await delay(every * 1_000, undefined, { signal: stop });
          lines = await look(api).then(
            (seen) => overview(out, seen, Date.now()),
            (error: unknown) => {
              if (stop.aborted || !(error instanceof ConfigError)) throw error;
              // It may come back; what was seen last stays, and is marked as old.
              return [paint(out, 'no connection to the router', 'bold', 'red'), ...lines.slice(1)];
            },
          );
        }
      } finally {
        // The prompt of the shell comes below the table.
        out.write('\n');
      }
    });
