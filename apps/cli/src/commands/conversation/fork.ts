import { randomUUID } from 'node:crypto';
import { Option } from '@commander-js/extra-typings';
import type { Entry, Role } from '@parley/protocol';
import { ConfigError } from '@parley/runtime';
import { toItsEnd } from '../../api/follow.ts';
import { routerOf } from '../../api/named-router.ts';
import { collected, integerIn, UsageError } from '../../arguments.ts';
import { type CommandMaker, commandNamed } from '../../command.ts';
import { exitCodeOf } from '../../exit-codes.ts';
import { contextOption, idHelp, jsonOption, keyOption, turnsOption, urlOption } from '../../options.ts';
import { readChange } from '../../scenario/changes.ts';
import { ConversationDisplay } from '../../terminal/conversation-display.ts';
import { harmless, jsonText } from '../../terminal/terminal.ts';

/** The number of the last entry before turn `turn`: the entries up to it are shared. */
const entryBefore = (entries: readonly Entry[], turn: number): number | undefined => {
  const turns = entries.filter(({ type }) => type === 'said' || type === 'passed');
  if (turns.length < turn - 1) return undefined;
  return turn === 1 ? entries[0]?.seq : turns[turn - 2]?.seq;
};

const rolesOf = (raw: readonly string[]): Role[] => {
  const roles = new Map<string, Role>();
  for (const one of raw) {
    const { path, value } = readChange('set', one);
    const key = path.at(-1);
    const name = path
      .slice(0, -1)
      .join('.')
      .replace(/^cast\./, '');
    if (name === '' || (key !== 'model' && key !== 'persona')) {
      throw new UsageError(`--set: expected NAME.model=… or NAME.persona=…, got ${JSON.stringify(one)}`);
    }
    roles.set(name, { ...roles.get(name), name, [key]: value });
  }
  return [...roles.values()];
};

export const fork: CommandMaker = (host) =>
  commandNamed(
    'fork',
    'go on from the middle of a conversation, with something changed',
    'Opens a conversation that shares the entries of another one up to one of them. Prints the id of the fork; `parley diff ID FORK` shows the two side by side.',
  )
    .argument('<ID>', idHelp)
    .addOption(
      new Option('--at <N>', 'share the entries up to number N').argParser(
        integerIn('--at', 1, Number.MAX_SAFE_INTEGER),
      ),
    )
    .addOption(
      new Option('--turn <N>', 'share the first N - 1 turns; turn N is the first that may differ')
        .argParser(integerIn('--turn', 1, Number.MAX_SAFE_INTEGER))
        .conflicts('at'),
    )
    .addOption(
      new Option(
        '--set <NAME.KEY=VALUE>',
        'another model or persona for a member, such as bob.model=gpt-4.1-mini; may be repeated',
      ).argParser(collected),
    )
    .addOption(turnsOption)
    .option('--follow', 'show the fork to its end; the exit code is then that of its ending')
    .addOption(keyOption)
    .addOption(jsonOption)
    .addOption(urlOption)
    .addOption(contextOption)
    .action(async (given, { at: entry, turn, set = [], turns, follow, key, json, ...where }) => {
      if (entry === undefined && turn === undefined) throw new UsageError('expected --at or --turn');
      const cast = rolesOf(set);
      const api = routerOf(where, host);
      const id = await api.conversationId(given);
      const { entries } = await api.conversation(id);
      const at = turn === undefined ? entry : entryBefore(entries, turn);
      if (at === undefined || at > entries.length) throw new ConfigError([`${id} has no such entry or turn`]);
      const body = {
        at,
        ...(cast.length > 0 && { cast }),
        ...(turns !== undefined && { limits: { maxTurns: turns } }),
      };
      const result = await api.act('fork', id, body, key ?? randomUUID());
      const { conversation } = result;
      host.out.write(json ? `${jsonText(result)}\n` : `${harmless(conversation)}\n`);
      if (!follow) return;
      using view = new ConversationDisplay(host.out);
      const ending = await view.show(api, toItsEnd(api, conversation, host.stop));
      view.footer();
      host.exitWith(ending ? exitCodeOf(ending.reason) : 1);
    });
