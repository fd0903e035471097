import { Option } from '@commander-js/extra-typings';
import type { ConversationView } from '@parley/protocol';
import { integerIn } from '../../arguments.ts';
import { type CommandMaker, commandNamed } from '../../command.ts';
import { chosenRouter } from '../../deployment/chosen-router.ts';
import { contextOption, idHelp, jsonOption, runOption, urlOption } from '../../options.ts';
import { dollars, endingText } from '../../terminal/ending-text.ts';
import { floorText } from '../../terminal/floor-text.ts';
import { PlainTranscript } from '../../terminal/plain-transcript.ts';
import { harmless, jsonText, paint, type Screen, wrap } from '../../terminal/terminal.ts';

const labelColumns = 10;
const pipedColumns = 80;

const whole = (value: number): string => value.toLocaleString('en-US');
const day = (at: number): string => new Date(at).toISOString().slice(0, 19).replace('T', ' ');

const used = (name: string, value: number, limit: number | undefined, text = whole): string =>
  `${text(value)}${limit ? ` of ${text(limit)}` : ''} ${name}`.trim();

/** What is known of a conversation, a label and a text for each. */
const facts = (view: ConversationView): [label: string, text: string][] => {
  const { limits, usage, usageBy } = view;
  const tokens = usage.inputTokens + usage.outputTokens;
  const seconds = Math.round(((view.endedAt ?? Date.now()) - view.startedAt) / 1_000);
  return [
    ['id', view.id],
    ['topic', view.topic ?? ''],
    ['status', view.ending ? `${view.status}: ${endingText(view.ending)}` : view.status],
    ['floor', view.status === 'running' ? floorText(view) : ''],
    ['policy', `${view.policy}${view.moderator ? `, moderator ${view.moderator}` : ''}`],
    ['opened', `${day(view.startedAt)} by ${view.by}`],
    ['forked', view.parent ? `of ${view.parent.conversation} at entry ${view.parent.seq}` : ''],
    [
      'used',
      [
        used('turns', view.turns, limits.maxTurns),
        used('tokens', tokens, limits.maxTokens),
        ...(usage.cost > 0 || limits.maxCost ? [used('', usage.cost, limits.maxCost, dollars)] : []),
        `${whole(seconds)} s`,
      ].join(' · '),
    ],
    ...view.members.map((name): [string, string] => {
      const { model, persona } = view.cast.find((role) => role.name === name) ?? {};
      const spent = Object.hasOwn(usageBy, name) ? usageBy[name] : undefined;
      const seat = Object.hasOwn(view.seats, name) ? `seat taken by ${view.seats[name]}` : undefined;
      const about = [
        model,
        spent && `${whole(spent.inputTokens + spent.outputTokens)} tokens`,
        spent && spent.cost > 0 ? dollars(spent.cost) : undefined,
        seat,
        persona?.replaceAll(/\s+/g, ' '),
      ];
      return [name, about.filter(Boolean).join(' · ') || '-'];
    }),
  ];
};

const head = (out: Screen, view: ConversationView): string => {
  const columns = (out.live ? out.columns : pipedColumns) - labelColumns;
  const indent = ' '.repeat(labelColumns);
  return facts(view)
    .filter(([, text]) => text !== '')
    .map(([label, text]) => {
      const [first = '', ...more] = wrap(harmless(text), columns);
      const shown = harmless(label).padEnd(labelColumns - 1);
      // A long name gets a line of its own.
      const start =
        shown.length < labelColumns
          ? `${paint(out, shown, 'bold')} `
          : `${paint(out, shown, 'bold')}\n${indent}`;
      return `${start}${first}\n${more.map((line) => `${indent}${line}\n`).join('')}`;
    })
    .join('');
};

export const show: CommandMaker = (host) =>
  commandNamed('show', 'show what a conversation is, what it has used, and its newest messages')
    .argument('<ID>', idHelp)
    .addOption(
      new Option('--entries <N>', 'how many of the newest entries')
        .argParser(integerIn('--entries', 0, 5_000))
        .default(10),
    )
    .addOption(jsonOption)
    .addOption(urlOption)
    .addOption(contextOption)
    .addOption(runOption)
    .action(async (given, { entries: count, json, ...where }) => {
      const { out } = host;
      await using router = await chosenRouter(where, host);
      const { api } = router;
      const id = await api.conversationId(given);
      const view = await api.summary(id);
      if (json) {
        out.write(`${jsonText(view, 2)}\n`);
        return;
      }
      out.write(head(out, view));
      if (count === 0) return;
      out.write('\n');
      const transcript = new PlainTranscript(out);
      const pages = api.conversationPages(id, { since: Math.max(0, view.seq - count) });
      for await (const { entries } of pages) for (const entry of entries) transcript.entry(entry);
    });
