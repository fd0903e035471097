import type { ConversationList, ConversationView } from '@parley/protocol';
import type { ComponentChildren } from 'preact';
import { conversationLink, runsLink } from '../../model/route.ts';
import { against, dateOf, dollars, duration, elapsedOf, number, titleOf } from '../../model/words.ts';
import { StatusLabel } from '../conversation/conversation-head.tsx';
import { plain } from '../plain-text.tsx';

export const columns = [
  'Choose',
  'Status',
  'Title',
  'Members',
  'Turns',
  'Tokens',
  'Cost',
  'Time',
  'Started',
] as const;

/** Members, each with its model where the conversation names one. */
const whoOf = ({ members, cast }: ConversationView): string =>
  members
    .map((name) => {
      const model = cast.find((role) => role.name === name)?.model;
      return model ? `${name} (${model})` : name;
    })
    .join(', ');

/** One conversation of the table. */
export const RunRow = ({
  run,
  place,
  isCurrent,
  chosen,
  found,
  onChoose,
}: {
  readonly run: ConversationView;
  readonly place: number;
  /** Whether its checkbox and links are tab stops. */
  readonly isCurrent: boolean;
  readonly chosen: boolean;
  /** Where the searched words were said. */
  readonly found: NonNullable<ConversationList['found']>[string] | undefined;
  readonly onChoose: () => void;
}): ComponentChildren => {
  const tabIndex = isCurrent ? 0 : -1;
  return (
    <tr class={`run ${run.status}${found ? ' with-found' : ''}`} data-run={run.id} aria-rowindex={place + 2}>
      <td class="choose">
        <input
          type="checkbox"
          tabIndex={tabIndex}
          checked={chosen}
          aria-label={`Choose ${titleOf(run).slice(0, 60)}`}
          onChange={onChoose}
        />
      </td>
      <td>
        <StatusLabel of={run} />
      </td>
      <td class="title">
        <div class="about">
          <a class="open" href={conversationLink(run.id)} tabIndex={tabIndex} dir="auto">
            {plain(titleOf(run))}
          </a>
          {run.parent && <span class="detail">fork after entry {run.parent.seq}</span>}
          {run.labels?.map((label) => (
            <a
              key={label}
              class="label"
              href={runsLink({ label })}
              tabIndex={tabIndex}
              aria-label={`Label ${label}`}
            >
              {plain(label)}
            </a>
          ))}
        </div>
        {found && (
          <a class="found" href={conversationLink(run.id, found.seq)} tabIndex={tabIndex} dir="auto">
            {found.seq} {found.from}: {plain(found.text)}
          </a>
        )}
      </td>
      <td class="who" title={whoOf(run)}>
        {whoOf(run)}
      </td>
      <td class="number">{against(number(run.turns), run.limits.maxTurns, number(run.limits.maxTurns))}</td>
      <td class="number">{number(run.usage.inputTokens + run.usage.outputTokens)}</td>
      <td class="number">{run.usage.cost > 0 ? dollars(run.usage.cost) : '–'}</td>
      <td class="number">{duration(elapsedOf(run, Date.now()))}</td>
      <td class="number">{dateOf(run.startedAt)}</td>
    </tr>
  );
};
