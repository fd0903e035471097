import type { ModelCall, PromptView } from '@parley/protocol';
import { routerOf } from '../../api/named-router.ts';
import { integerIn } from '../../arguments.ts';
import { type CommandMaker, commandNamed } from '../../command.ts';
import { contextOption, idHelp, jsonOption, operatorNote, urlOption } from '../../options.ts';
import { harmless, jsonText, paint, type Screen } from '../../terminal/terminal.ts';

const callText = (out: Screen, call: ModelCall, place: string): string => {
  const { purpose, attempt, at, model, parameters, messages, omitted } = call;
  const numbers = parameters.map(({ name, value }) => `${name}=${value}`);
  const facts = [
    `for the ${purpose}`,
    attempt > 1 && `attempt ${attempt}`,
    model,
    ...numbers,
    new Date(at).toISOString(),
  ].filter(Boolean);
  const missing =
    omitted && `(left out, too large: ${omitted.messages} messages, ${omitted.characters} characters)\n\n`;
  const shown = messages.map(
    ({ role, content }) => `${paint(out, role, 'bold')}\n${harmless(content).trimEnd()}\n`,
  );
  return `${paint(out, `${place}: ${facts.join(' · ')}`, 'dim')}\n\n${missing ?? ''}${shown.join('\n')}`;
};

const textOf = (out: Screen, { from, turn, calls }: PromptView): string => {
  const title = paint(out, `What ${from} sent to its model for turn ${turn}`, 'bold');
  const all = calls.map((call, index) => callText(out, call, `Call ${index + 1} of ${calls.length}`));
  return `${title}\n\n${all.join('\n')}`;
};

const about = `Shows the messages that an agent sent to its model before an entry, word for word.

The agent itself keeps them, in memory, if AGENT_KEEP_PROMPTS says so; \`parley demo\` and \`parley run\` switch it on. So the agent must be connected. Keys and tokens are taken out.`;

export const prompt: CommandMaker = (host) =>
  commandNamed('prompt', 'show the messages that an agent sent to its model before an entry', about)
    .argument('<ID>', idHelp)
    .argument(
      '<SEQ>',
      'the number of the entry: a message, a pass, a bid or a lapse',
      integerIn('SEQ', 1, Number.MAX_SAFE_INTEGER),
    )
    .addOption(jsonOption)
    .addOption(urlOption)
    .addOption(contextOption)
    .addHelpText('after', operatorNote)
    .action(async (given, seq, { json, ...where }) => {
      const api = routerOf(where, host);
      const view = await api.prompt(await api.conversationId(given), seq);
      host.out.write(json ? `${jsonText(view, 2)}\n` : textOf(host.out, view));
    });
