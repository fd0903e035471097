import { type PolicyName, policyNames, type ResponseBody } from '@parley/protocol';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Live } from '../../model/live.ts';
import {
  bodyOf,
  emptyForm,
  firstOf,
  formOf,
  limitFields,
  type NewConversation,
  newMember,
  problemOf,
} from '../../model/new-conversation.ts';
import { conversationLink, newLink } from '../../model/route.ts';
import { get, post } from '../../model/router-client.ts';
import { Fault, useAttempt } from '../transcript/attempt.tsx';
import { agentCommand, Command } from './command.tsx';
import { MemberRow } from './new-member.tsx';

const policyWords: Readonly<Record<PolicyName, string>> = {
  'round-robin': 'in order, round and round',
  addressed: 'the member that was addressed',
  random: 'drawn at random',
  moderator: 'the moderator chooses',
  mention: 'the member that a message names with @',
  volunteer: 'the member that bids the most',
  open: 'each member may speak at any time',
};

type Scenarios = ResponseBody<'scenarios'>['scenarios'];

const Scenario = ({
  scenarios,
  chosen,
}: {
  readonly scenarios: Scenarios;
  readonly chosen: string | undefined;
}) => {
  const about = scenarios.find(({ name }) => name === chosen)?.about;
  return (
    <>
      <label>
        Start from
        <select
          id="new-scenario"
          value={chosen ?? ''}
          onChange={(event) => {
            location.hash = newLink(event.currentTarget.value);
          }}
        >
          <option value="">an empty form</option>
          {scenarios.map(({ name, title }) => (
            <option key={name} value={name}>
              {title}
            </option>
          ))}
        </select>
      </label>
      {about && <p class="detail">{about}</p>}
    </>
  );
};

/** Names that may be added: agents that are connected, and any other, of an agent that comes later or of a person. */
const AddMember = ({
  free,
  onAdd,
}: {
  readonly free: readonly string[];
  readonly onAdd: (name: string) => void;
}) => {
  const field = useRef<HTMLInputElement>(null);
  const add = () => {
    const name = field.current?.value.trim() ?? '';
    if (name !== '') onAdd(name);
    if (field.current) field.current.value = '';
  };
  return (
    <div id="new-members" class="buttons">
      {free.map((name) => (
        <button key={name} type="button" onClick={() => onAdd(name)}>
          Add {name}
        </button>
      ))}
      {free.length === 0 && <span class="detail">No further agent is connected.</span>}
      <label class="inline">
        Other name
        <input
          ref={field}
          maxLength={64}
          autocomplete="off"
          onKeyDown={(event) => {
            if (event.key !== 'Enter') return;
            event.preventDefault();
            add();
          }}
        />
      </label>
      <button type="button" onClick={add}>
        Add the name
      </button>
    </div>
  );
};

/** How to start the agents that are not connected. The router starts no processes. */
const Missing = ({ live, names }: { readonly live: Live; readonly names: readonly string[] }) =>
  names.length === 0 ? null : (
    <div id="missing">
      <p class="detail">
        {names.join(', ')} {names.length === 1 ? 'is' : 'are'} not connected. The conversation waits for{' '}
        {names.length === 1 ? 'it' : 'them'}. In a folder with Parley, each in a terminal of its own:
      </p>
      {names.map((name) => (
        <Command key={name} text={`${live.hasToken ? 'AGENT_TOKEN=… ' : ''}${agentCommand(name)}`} />
      ))}
    </div>
  );

const isIn = (names: readonly string[], name: string): boolean => names.includes(name);

/** Opens a conversation: of a shipped scenario, or of a form. */
export const NewPage = ({
  live,
  scenario,
}: {
  readonly live: Live;
  readonly scenario: string | undefined;
}): ComponentChildren => {
  const [form, setForm] = useState<NewConversation>(emptyForm);
  const [scenarios, setScenarios] = useState<Scenarios>([]);
  const [fault, attempt] = useAttempt();
  const [problem, setProblem] = useState('');
  useEffect(() => {
    document.title = 'New conversation · Parley';
    get<ResponseBody<'scenarios'>>('v1/scenarios')
      .then((found) => setScenarios(found?.scenarios ?? []))
      .catch((error: unknown) => console.info('the scenarios could not be loaded', error));
  }, []);
  useEffect(() => {
    const opening = scenarios.find(({ name }) => name === scenario)?.opening;
    if (opening) setForm(formOf(opening));
    else if (scenario === undefined) setForm(emptyForm);
  }, [scenarios, scenario]);
  if (!live.isOperator)
    return <p>Only an operator opens conversations here. Your role is {live.me?.role ?? 'not known yet'}.</p>;
  const { members, policy, moderator, limits } = form;
  const change = (more: Partial<NewConversation>) => setForm({ ...form, ...more });
  const names = members.map(({ name }) => name);
  const connected = live.agents.flatMap(({ name, awaySince }) => (awaySince === undefined ? [name] : []));
  const missing = members.filter(({ name, isPerson }) => !isPerson && !isIn(connected, name));
  const move = (at: number, by: number) => {
    const next = [...members];
    const [moved] = next.splice(at, 1);
    if (moved) next.splice(at + by, 0, moved);
    change({ members: next, first: undefined });
  };
  const open = async () => {
    const wrong = problemOf(form) ?? '';
    setProblem(wrong);
    if (wrong) return;
    await attempt(async () => {
      const { conversation } = await post<{ conversation: string }>('v1/conversations', bodyOf(form));
      for (const { name, isPerson } of members)
        if (isPerson) await live.act(conversation, 'seat', { who: name });
      location.hash = conversationLink(conversation);
    });
  };
  return (
    <form
      id="new"
      class="form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void open();
      }}
    >
      <h1 tabIndex={-1}>New conversation</h1>
      <Scenario scenarios={scenarios} chosen={scenario} />
      <fieldset>
        <legend>Members</legend>
        <AddMember
          free={connected.filter((name) => !isIn(names, name))}
          onAdd={(name) => isIn(names, name) || change({ members: [...members, newMember(name)] })}
        />
        <ol class="order">
          {members.map((member, place) => (
            <MemberRow
              key={member.name}
              member={member}
              place={place}
              last={members.length - 1}
              isFirst={firstOf(form) === member.name}
              isConnected={isIn(connected, member.name)}
              onMove={(by) => move(place, by)}
              onChange={(changed) =>
                change({ members: members.map((one, at) => (at === place ? changed : one)) })
              }
              onRemove={() => change({ members: members.filter((_, at) => at !== place) })}
            />
          ))}
        </ol>
        <Missing live={live} names={missing.map(({ name }) => name)} />
      </fieldset>
      <label>
        Topic
        <textarea
          rows={2}
          maxLength={4_000}
          value={form.topic}
          onInput={(event) => change({ topic: event.currentTarget.value })}
        />
      </label>
      <label>
        First message, in the name of the first speaker
        <textarea
          rows={2}
          maxLength={32_000}
          value={form.opening}
          onInput={(event) => change({ opening: event.currentTarget.value })}
        />
      </label>
      <label>
        Who speaks next
        <select
          id="new-policy"
          value={policy}
          onChange={(event) => change({ policy: event.currentTarget.value as PolicyName, first: undefined })}
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
          <select
            value={moderator || names[0]}
            onChange={(event) => change({ moderator: event.currentTarget.value, first: undefined })}
          >
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
              type="number"
              min="0"
              step="any"
              placeholder="as the router is set"
              value={limits[name] ?? ''}
              onInput={(event) => change({ limits: { ...limits, [name]: event.currentTarget.value } })}
            />
          </label>
        ))}
      </fieldset>
      <button type="submit">Open the conversation</button>
      <Fault id="new-fault" text={problem || fault} />
    </form>
  );
};
