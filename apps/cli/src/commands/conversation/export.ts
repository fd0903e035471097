import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { Option } from '@commander-js/extra-typings';
import { ConfigError, userPath } from '@parley/runtime';
import type { RouterApi } from '../../api/router-api.ts';
import { UsageError } from '../../arguments.ts';
import { type CommandMaker, commandNamed, type Host } from '../../command.ts';
import { chosenRouter } from '../../deployment/chosen-router.ts';
import type { Exported } from '../../exports/exported.ts';
import { type FormatName, formatNames, formats } from '../../exports/formats.ts';
import {
  contextOption,
  type Filters,
  filterQuery,
  idHelp,
  runOption,
  urlOption,
  withFilters,
} from '../../options.ts';
import { paint } from '../../terminal/terminal.ts';
import { unwritable } from '../../writable.ts';

/** More than this must be exported in parts. */
const most = 1_000_000;

interface Selection extends Filters {
  readonly all?: true | undefined;
}

/** The conversations that the command line names, the oldest first: an import makes them in the same order. */
const selected = async (
  api: RouterApi,
  ids: readonly string[],
  { all, ...filters }: Selection,
): Promise<readonly string[]> => {
  const isFiltered = Object.values(filters).some((value) => value !== undefined);
  if (ids.length > 0 && (all || isFiltered)) throw new UsageError('expected IDs, or --all and filters');
  if (ids.length === 0 && !all && !isFiltered)
    throw new UsageError('expected the ID of a conversation, or --all');
  if (ids.length > 0) return [...new Set(await Promise.all(ids.map((id) => api.conversationId(id))))];
  return (await api.conversations(most, filterQuery(filters))).map(({ id }) => id).toReversed();
};

/** The conversation as it is exported; undefined where `member` has never been in it. */
const read = async (
  api: RouterApi,
  id: string,
  member: string | undefined,
  isPerspective: boolean,
): Promise<Exported | undefined> => {
  const { conversation: view, entries } = await api.conversation(id);
  const opener = view.members.includes(view.by) ? view.by : view.members[0];
  const as = member ?? (isPerspective ? opener : undefined);
  if (as === undefined) return { view, entries, as };
  const hasLeft = entries.some((entry) => entry.type === 'left' && entry.who === as);
  if (!view.members.includes(as) && !hasLeft) return undefined;
  return { view, entries: (await api.conversation(id, as)).entries, as };
};

/** Writes to a file or to the output; a page at a time, however many conversations there are. */
const sink = (file: string | undefined, { out, env }: Host) => {
  if (file === undefined) return { write: (text: string) => out.write(text), close: async () => {} };
  const path = userPath(file, env);
  const stream = createWriteStream(path, { mode: 0o600 });
  const written = finished(stream).catch((error: Error) => {
    throw unwritable(path, error);
  });
  written.catch(() => {});
  return {
    write: (text: string) => void stream.write(text),
    close: () => {
      stream.end();
      return written;
    },
  };
};

const exportAll = async (
  given: readonly string[],
  {
    format: name,
    as,
    out: file,
    ...choice
  }: Selection & { format: FormatName; as?: string | undefined; out?: string | undefined },
  api: RouterApi,
  host: Host,
): Promise<void> => {
  const format = formats[name];
  const ids = await selected(api, given, choice);
  const { err } = host;
  let skipped = 0;
  const next = async (id: string): Promise<Exported | undefined> => {
    const exported = await read(api, id, as, format.isPerspective);
    const isWanted = exported && (given.length > 0 || !('leavesOut' in format && format.leavesOut(exported)));
    if (isWanted) return exported;
    skipped++;
    if (given.length > 0) {
      const { members } = await api.summary(id);
      throw new ConfigError([`${as} is no member of ${id}: its members are ${members.join(', ')}`]);
    }
    return undefined;
  };
  // The page of HTML begins with a list of all that is in it.
  const known: Exported[] = [];
  if (name === 'html')
    for (const id of ids) known.push(...[await next(id)].filter((one) => one !== undefined));
  const to = sink(file, host);
  if ('begin' in format) to.write(format.begin(known));
  if (name === 'html') for (const one of known) to.write(format.one(one));
  else
    for (const id of ids) {
      const exported = await next(id);
      if (exported) to.write(format.one(exported));
    }
  if ('end' in format) to.write(format.end());
  await to.close();
  const written = ids.length - skipped;
  const text = `${written} ${written === 1 ? 'conversation' : 'conversations'} written to ${file}`;
  if (file !== undefined) err.write(`${paint(err, text, 'dim')}\n`);
  if (skipped > 0)
    err.write(
      `${paint(err, `${skipped} ${skipped === 1 ? 'other is' : 'others are'} left out: ${as ?? 'the member'} was not in them, or said nothing`, 'dim')}\n`,
    );
};

export const exportCommand: CommandMaker = (host) =>
  withFilters(
    commandNamed(
      'export',
      'write conversations in a format that other tools read',
      'Writes one conversation, several or all. With --as it writes only what that member could see; docs/exports.md describes the formats.',
    )
      .argument('[IDS...]', idHelp)
      .addOption(
        new Option('--format <FORMAT>', 'how to write it').choices(formatNames).default('jsonl' as const),
      )
      .option(
        '--as <NAME>',
        'only what this member could see; in sharegpt and openai its messages are those of the assistant (default there: who opened the conversation)',
      )
      .option('--out <FILE>', 'where to write it (default: to the standard output)')
      .option('--all', 'every conversation of the router or run'),
  )
    .addOption(urlOption)
    .addOption(contextOption)
    .addOption(runOption)
    .addHelpText(
      'after',
      `
Formats:
${formatNames.map((name) => `  ${name.padEnd(9)} ${formats[name].about}`).join('\n')}

Examples:
  parley export 3f2 --format markdown
  parley export --all --out ledger.jsonl && parley import ledger.jsonl
  parley export --member alice --as alice --format openai --out train.jsonl`,
    )
    .action(async (ids, { url, context, run, ...options }) => {
      await using router = await chosenRouter({ url, context, run }, host);
      await exportAll(ids, options, router.api, host);
    });
