import { type PolicyName, policyNames } from '@parley/protocol';
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Live } from '../model/live.ts';
import { conversationLink } from '../model/route.ts';
import { post } from '../model/router-client.ts';
import { Fault, useAttempt } from './attempt.tsx';

const policyWords: Readonly<Record<PolicyName, string>> = {
  'round-robin': 'in order, round and round',
  addressed: 'the member that was addressed',
  random: 'drawn at random',
  moderator: 'the moderator chooses',
  mention: 'the member that a message names with @',
  volunteer: 'the member that bids the most',
  open: 'each member may speak at any time',
};

interface Member {
  readonly name: string;
  readonly persona: string;
  readonly model: string;
}

const Place = ({
  member,
  place,
  last,
  onMove,
  onChange,
  onRemove,
}: {
  readonly member: Member;
  readonly place: number;
  readonly last: number;
  readonly onMove: (by: number) => void;
  readonly onChange: (member: Member) => void;
  readonly onRemove: () => void;
}) => {
  const { name, persona, model } = member;
  return (
    <li>
      <strong>{name}</strong> {place === 0 && <span class="detail">speaks first</span>}
      <span class="buttons">
        <button
          type="button"
          aria-disabled={place === 0}
          aria-label={`Move ${name} up`}
          onClick={() => place > 0 && onMove(-1)}
        >
          ↑
        </button>
        <button
          type="button"
          aria-disabled={place === last}
          aria-label={`Move ${name} down`}
          onClick={() => place < last && onMove(1)}
        >
          ↓
        </button>
        <button type="button" aria-label={`Take ${name} out`} onClick={onRemove}>
          ✕
        </button>
      </span>
      <details>
        <summary>Persona and model of {name}</summary>
        <label>
          Persona
          <textarea
            rows={3}
            maxLength={16_000}
            value={persona}
            onInput={(event) => onChange({ ...member, persona: event.currentTarget.value })}
          />
        </label>
        <label>
          Model
          <input
            value={model}
            maxLength={200}
            placeholder="the model of the agent"
            autocomplete="off"
            onInput={(event) => onChange({ ...member, model: event.currentTarget.value })}
          />
        </label>
      </details>
    </li>
  );
};

const limitFields = [
  ['maxTurns', 'Most turns', 1],
  ['maxDurationMs', 'Most minutes', 60_000],
  ['maxTokens', 'Most tokens', 1],
  ['maxCost', 'Most dollars', 1],
] as const;

/** Opens a conversation of agents that are connected. */
export const NewPage = ({ live }: { readonly live: Live }): ComponentChildren => {
  const [members, setMembers] = useState<readonly Member[]>([]);
  const [policy, setPolicy] = useState<PolicyName>('round-robin');
  const [moderator, setModerator] = useState('');
  const [fault, attempt] = useAttempt();
  const [problem, setProblem] = useState('');
  useEffect(() => {
    document.title = 'New conversation · Parley';
  }, []);
  const names = members.map(({ name }) => name);
  const free = live.agents.filter(({ name, awaySince }) => awaySince === undefined && !names.includes(name));
  const move = (at: number, by: number) => {
    const next = [...members];
    const [moved] = next.splice(at, 1);
    if (moved) next.splice(at + by, 0, moved);
    setMembers(next);
  };
  const open = async (form: HTMLFormElement) => {
    const given = new FormData(form);
    const text = (name: string) => String(given.get(name) ?? '').trim();
    setProblem('');
    if (members.length < 2) return setProblem('A conversation needs at least two members.');
    const limits = limitFields.flatMap(([name, , unit]) =>
      text(name) ? [[name, Number(text(name)) * unit]] : [],
    );
    const cast = members
      .filter(({ persona, model }) => persona.trim() || model.trim())
      .map(({ name, persona, model }) => ({
        name,
        ...(persona.trim() && { persona: persona.trim() }),
        ...(model.trim() && { model: model.trim() }),
      }));
    await attempt(async () => {
      const { conversation } = await post<{ conversation: string }>('v1/conversations', {
        members: names,
        policy,
        ...(policy === 'moderator' && { moderator: moderator || names[0] }),
        ...(text('topic') && { topic: text('topic') }),
        ...(text('opening') && { opening: text('opening') }),
        ...(cast.length > 0 && { cast }),
        ...(limits.length > 0 && { limits: Object.fromEntries(limits) }),
      });
      location.hash = conversationLink(conversation);
    });
    return undefined;
  };
  if (!live.isOperator)
    return <p>Only an operator opens conversations here. Your role is {live.me?.role ?? 'not known yet'}.</p>;
  return (
    <form
      id="new"
      class="form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void open(event.currentTarget);
      }}
    >
      <h1 tabIndex={-1}>New conversation</h1>
      <fieldset>
        <legend>Members</legend>
        <div id="new-members" class="buttons">
          {free.map(({ name }) => (
            <button
              key={name}
              type="button"
              onClick={() => setMembers([...members, { name, persona: '', model: '' }])}
            >
              Add {name}
            </button>
          ))}
          {free.length === 0 && <span class="detail">No further agent is connected.</span>}
        </div>
        <ol class="order">
          {members.map((member, place) => (
            <Place
              key={member.name}
              member={member}
              place={place}
              last={members.length - 1}
              onMove={(by) => move(place, by)}
              onChange={(changed) => setMembers(members.map((one, at) => (at === place ? changed : one)))}
              onRemove={() => setMembers(members.filter((_, at) => at !== place))}
            />
          ))}
        </ol>
      </fieldset>
      <label>
        Topic
        <input name="topic" maxLength={4_000} autocomplete="off" />
      </label>
      <label>
        First message, in the name of the first member
        <textarea name="opening" rows={2} maxLength={32_000} />
      </label>
      <label>
        Who speaks next
        <select
          id="new-policy"
          value={policy}
          onChange={(event) => setPolicy(event.currentTarget.value as PolicyName)}
        >
          {policyNames.map((name) => (
            <option key={name} value={name}>
              {name}: {policyWords[name]}
            </option>
          ))}
        </select>
      </label>
      {policy === 'moderator' && (
        <label>
          Moderator
          <select value={moderator} onChange={(event) => setModerator(event.currentTarget.value)}>
            {names.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
      )}
      <fieldset class="limits">
        <legend>Limits</legend>
        {limitFields.map(([name, label]) => (
          <label key={name}>
            {label}
            <input
              name={name}
              type="number"
              min="0"
              step={name === 'maxCost' ? '0.01' : '1'}
              placeholder="as the router is set"
            />
          </label>
        ))}
      </fieldset>
      <button type="submit">Open the conversation</button>
      <Fault id="new-fault" text={problem || fault} />
    </form>
  );
};
