import { randomUUID } from 'node:crypto';
import { Option } from '@commander-js/extra-typings';
import type { ControlAction, ControlBody } from '@parley/protocol';
import { routerOf } from '../../api/named-router.ts';
import { integerIn, nameList, UsageError } from '../../arguments.ts';
import { type CommandMaker, commandNamed, type Host } from '../../command.ts';
import { contextOption, idHelp, jsonOption, keyOption, operatorNote, urlOption } from '../../options.ts';
import { jsonText } from '../../terminal/terminal.ts';

type Act = Exclude<ControlAction, 'open' | 'fork'>;

interface ActOptions {
  readonly url?: string | undefined;
  readonly context?: string | undefined;
  readonly key?: string | undefined;
  readonly json?: true | undefined;
}

const present = <T extends object>(values: { [K in keyof T]: T[K] | undefined }): T =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;

const perform = async <A extends Act>(
  host: Host,
  action: A,
  given: string,
  body: ControlBody<A>,
  { key, json, ...where }: ActOptions,
): Promise<void> => {
  const api = routerOf(where, host);
  const id = await api.conversationId(given);
  const result = await api.act(action, id, body, key ?? randomUUID());
  host.out.write(json ? `${jsonText(result)}\n` : `${id}: ${action} is entry ${result.seq}\n`);
};

/** One act: its ID and the options that all acts have. */
const act = (name: Act, summary: string) =>
  commandNamed(name, summary)
    .argument('<ID>', idHelp)
    .addOption(keyOption)
    .addOption(jsonOption)
    .addOption(urlOption)
    .addOption(contextOption)
    .addHelpText('after', operatorNote);

/** What an operator does to one conversation, each act a command of its own. */
export const acts: readonly CommandMaker[] = [
  (host) =>
    act('pause', 'pause a conversation after the turn that is running').action((id, options) =>
      perform(host, 'pause', id, {}, options),
    ),
  (host) =>
    act('resume', 'go on with a paused conversation').action((id, options) =>
      perform(host, 'resume', id, {}, options),
    ),
  (host) =>
    act('step', 'go on for a number of turns, then pause again')
      .argument('[TURNS]', 'how many', integerIn('TURNS', 1, 1_000), 1)
      .action((id, lines, options) => perform(host, 'step', id, { lines }, options)),
  (host) =>
    act('end', 'end a conversation')
      .argument('[WHY...]', 'the reason, which the ending shows')
      .action((id, why, options) =>
        perform(host, 'end', id, why.length > 0 ? { detail: why.join(' ') } : {}, options),
      ),
  (host) =>
    act('say', 'say something as the operator, or from a seat that you have taken')
      .argument('<TEXT...>', 'the message')
      .option('--as <NAME>', 'in the place of this member, whose seat you have taken')
      .option('--target <NAME>', 'who is addressed')
      .option('--to <A,B>', 'who hears it (default: all members)')
      .action((id, text, { as, target, to, ...options }) => {
        const hearers = to === undefined ? undefined : nameList(to);
        const body = present<ControlBody<'say'>>({ text: text.join(' '), as, target, to: hearers });
        return perform(host, 'say', id, body, options);
      }),
  (host) =>
    act('whisper', 'tell some members something that the others do not hear')
      .argument('<A,B>', 'the members')
      .argument('<TEXT...>', 'what they are told')
      .action((id, to, text, options) =>
        perform(host, 'whisper', id, { to: nameList(to), text: text.join(' ') }, options),
      ),
  (host) =>
    act('invite', 'make an agent a member of a conversation')
      .argument('<NAME>', 'the agent')
      .addOption(
        new Option('--history <WHAT>', 'whether it sees what was said before')
          .choices(['all', 'none'] as const)
          .default('all' as const),
      )
      .action((id, who, { history, ...options }) =>
        perform(host, 'invite', id, { who, ...(history === 'none' && { history: false }) }, options),
      ),
  (host) =>
    act('seat', "take a member's seat: speak in its place with `parley say --as`")
      .argument('<NAME>', 'the member')
      .action((id, who, options) => perform(host, 'seat', id, { who }, options)),
  (host) =>
    act('unseat', 'give the seat back to its member')
      .argument('<NAME>', 'the member')
      .action((id, who, options) => perform(host, 'unseat', id, { who }, options)),
  (host) =>
    act('recast', "change a member's model or persona from its next turn on")
      .argument('<NAME>', 'the member')
      .option('--model <MODEL>', 'what it asks from now on')
      .option('--persona <TEXT>', 'who it is from now on')
      .action((id, name, { model, persona, ...options }) => {
        if (model === undefined && persona === undefined)
          throw new UsageError('expected --model or --persona');
        const role = present<ControlBody<'recast'>['role']>({ name, model, persona });
        return perform(host, 'recast', id, { role }, options);
      }),
];
