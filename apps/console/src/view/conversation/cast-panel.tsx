import { type ConversationView, hearersOf } from '@parley/protocol';
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { Live } from '../../model/live.ts';
import { colourOf, count, dollars, number, stateOf } from '../../model/words.ts';
import { plain } from '../plain-text.tsx';
import { Fault, useAttempt } from '../transcript/attempt.tsx';
import { InviteForm } from './invite-form.tsx';
import { RecastDialog } from './recast-dialog.tsx';

const Member = ({
  live,
  view,
  name,
  onSeat,
  onRecast,
}: {
  readonly live: Live;
  readonly view: ConversationView;
  readonly name: string;
  readonly onSeat: (name: string, taken: boolean) => void;
  readonly onRecast: (name: string) => void;
}) => {
  const role = view.cast.find((one) => one.name === name);
  const spent = Object.hasOwn(view.usageBy, name) ? view.usageBy[name] : undefined;
  const seated = Object.hasOwn(view.seats, name);
  const agent = live.agents.find((one) => one.name === name && one.awaySince === undefined);
  const hearers = hearersOf(view, { from: name }).filter((other) => other !== name);
  const heardByAll = hearers.length >= view.members.length - 1;
  const state = stateOf(view, name);
  return (
    <li class={`member ${colourOf(view.members, name)} ${view.floor.includes(name) ? 'floor' : ''}`}>
      <div class="by">
        <strong class="name">{name}</strong>
        <span class="state">{state}</span>
        {live.isOperator && view.status !== 'ended' && (
          <span class="buttons">
            <button type="button" aria-label={`Recast ${name}`} onClick={() => onRecast(name)}>
              Recast…
            </button>
            <button
              type="button"
              class="seat"
              aria-label={seated ? `Give back the seat of ${name}` : `Take the seat of ${name}`}
              onClick={() => onSeat(name, seated)}
            >
              {seated ? 'Give back the seat' : 'Take the seat'}
            </button>
          </span>
        )}
      </div>
      <div class="detail">
        {[
          role?.model,
          view.moderator === name && 'moderator',
          live.agentsKnown && (agent ? count(agent.replicas, 'replica') : 'not connected'),
          spent && `${number(spent.inputTokens + spent.outputTokens)} tokens`,
          spent && spent.cost > 0 && dollars(spent.cost),
          !heardByAll && `heard by ${hearers.join(', ') || 'no other member'}`,
        ]
          .filter(Boolean)
          .join(' · ')}
      </div>
      {role?.persona !== undefined && (
        <details>
          <summary>Persona of {name}</summary>
          <p class="raw" dir="auto">
            {plain(role.persona)}
          </p>
        </details>
      )}
    </li>
  );
};

/** The members with persona, model and cost. */
export const CastPanel = ({
  live,
  view,
}: {
  readonly live: Live;
  readonly view: ConversationView;
}): ComponentChildren => {
  const [fault, attempt] = useAttempt();
  const [recast, setRecast] = useState<string>();
  const onSeat = (name: string, taken: boolean) =>
    void attempt(() => live.act(view.id, taken ? 'unseat' : 'seat', { who: name }));
  return (
    <section aria-labelledby="cast-title">
      <h2 id="cast-title">Cast</h2>
      <ul id="members" class="members">
        {view.members.map((name) => (
          <Member key={name} live={live} view={view} name={name} onSeat={onSeat} onRecast={setRecast} />
        ))}
      </ul>
      <Fault id="seat-fault" text={fault} />
      {live.isOperator && view.status !== 'ended' && <InviteForm live={live} view={view} />}
      {recast !== undefined && (
        <RecastDialog
          key={recast}
          live={live}
          view={view}
          name={recast}
          onClose={() => setRecast(undefined)}
        />
      )}
      <p class="detail">
        Policy: {view.policy}
        {view.admission === 'open' && ' · every agent may join'}
      </p>
    </section>
  );
};
