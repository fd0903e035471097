import { Option } from '@commander-js/extra-typings';
import { maxShareMinutes, type ShareView } from '@parley/protocol';
import { routerOf } from '../../api/named-router.ts';
import type { RouterApi } from '../../api/router-api.ts';
import { UsageError } from '../../arguments.ts';
import { type CommandMaker, commandNamed, type Host } from '../../command.ts';
import { contextOption, idHelp, jsonOption, operatorNote, urlOption } from '../../options.ts';
import { type Column, table } from '../../terminal/table.ts';
import { jsonText, paint } from '../../terminal/terminal.ts';

const minutesOf: Readonly<Record<string, number>> = { m: 1, h: 60, d: 24 * 60 };

/** Minutes in a text such as 30m, 12h or 7d. */
const minutesIn = (text: string): number => {
  const [, value, unit = ''] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  const minutes = Number(value) * (minutesOf[unit] ?? Number.NaN);
  if (minutes >= 1 && minutes <= maxShareMinutes) return minutes;
  throw new UsageError(
    `--for: expected a time such as 30m, 12h or 7d, at most 365d, got ${JSON.stringify(text)}`,
  );
};

const time = (at: number): string => new Date(at).toISOString().slice(0, 16).replace('T', ' ');

const stateOf = ({ revokedAt, revokedBy, expiresAt }: ShareView): string => {
  if (revokedAt !== undefined) return `revoked by ${revokedBy} at ${time(revokedAt)}`;
  return expiresAt <= Date.now() ? 'expired' : 'valid';
};

const columns: readonly Column<ShareView>[] = [
  { title: 'SHARE', text: ({ share }) => share },
  { title: 'BY', text: ({ by }) => by },
  { title: 'MADE', text: ({ madeAt }) => time(madeAt) },
  { title: 'UNTIL', text: ({ expiresAt }) => time(expiresAt) },
  { title: 'STATE', text: stateOf },
];

const about = `Makes a link with which a person reads one conversation, and nothing else.

The link opens the console with this conversation, as an observer sees it: with private messages and personas, and without controls. Its token stands behind the # of the address, which a browser sends to no server. It is printed once.`;

interface Options {
  readonly for?: number | undefined;
  readonly list?: true | undefined;
  readonly revoke?: string | undefined;
  readonly json?: true | undefined;
}

const make = async (api: RouterApi, id: string, options: Options, { out, err }: Host): Promise<void> => {
  const made = await api.share(id, options.for === undefined ? {} : { minutes: options.for });
  const link = `${api.url}/#/${encodeURIComponent(id)}?share=${made.token}`;
  out.write(options.json ? `${jsonText({ ...made, link }, 2)}\n` : `${link}\n`);
  const until = `Valid until ${time(made.expiresAt)} UTC. To end it: parley share ${id} --revoke ${made.share}`;
  if (!options.json) err.write(`${paint(err, until, 'dim')}\n`);
  const open = 'This router needs no token: who reaches it can do everything, with or without the link.';
  if (made.open) err.write(`${paint(err, open, 'yellow')}\n`);
};

export const share: CommandMaker = (host) =>
  commandNamed('share', 'make a link with which a person reads one conversation', about)
    .argument('<ID>', idHelp)
    .addOption(
      new Option('--for <TIME>', 'how long it is valid: 30m, 12h, 7d, at most 365d (default: 7d)')
        .argParser(minutesIn)
        .conflicts(['list', 'revoke']),
    )
    .addOption(
      new Option('--list', 'show the links: who made them, until when, and which are revoked').conflicts(
        'revoke',
      ),
    )
    .option('--revoke <SHARE>', 'end a link; pages that show it stop within a second')
    .addOption(jsonOption)
    .addOption(urlOption)
    .addOption(contextOption)
    .addHelpText('after', operatorNote)
    .action(async (given, { url, context, ...options }) => {
      const { out, err } = host;
      const api = routerOf({ url, context }, host);
      const id = await api.conversationId(given);
      if (options.revoke !== undefined) {
        const revoked = await api.unshare(id, options.revoke);
        out.write(
          options.json ? `${jsonText(revoked)}\n` : `${id}: the share link ${options.revoke} is revoked\n`,
        );
      } else if (options.list) {
        const { shares } = await api.shares(id);
        if (options.json) out.write(`${jsonText(shares, 2)}\n`);
        else if (shares.length === 0) err.write(`${paint(err, 'no share links', 'dim')}\n`);
        else out.write(table(out, columns, shares));
      } else await make(api, id, options, host);
    });
