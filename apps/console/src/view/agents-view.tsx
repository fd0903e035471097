import type { AgentFault, AgentView } from '@parley/protocol';
import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import type { Live } from '../model/live.ts';
import { conversationLink } from '../model/route.ts';
import { dateOf, number, timeOf } from '../model/words.ts';
import { plain } from './plain-text.tsx';

type Replica = NonNullable<AgentView['each']>[number];

const breakerWords: Readonly<Record<Replica['breaker'], string>> = {
  closed: 'connected',
  open: 'failed too often: is granted nothing for a time',
  trial: 'failed too often: is granted one turn',
};

const seconds = (ms: number | undefined): string => (ms === undefined ? '–' : `${(ms / 1_000).toFixed(1)} s`);

const Fault = ({
  fault,
  faults = 0,
}: {
  readonly fault: AgentFault | undefined;
  readonly faults?: number | undefined;
}) =>
  fault ? (
    <>
      <a href={conversationLink(fault.conversation)}>{fault.cause}</a>{' '}
      <span class="detail">
        {dateOf(fault.at)}
        {faults > 1 && `, ${number(faults)} in all`}
        {fault.detail && <> · {plain(fault.detail.slice(0, 200))}</>}
      </span>
    </>
  ) : (
    <>–</>
  );

const ReplicaRow = ({ replica, place }: { readonly replica: Replica; readonly place: number }) => (
  <tr class={`replica ${replica.breaker}`}>
    <th scope="row">
      replica {place}
      {replica.since !== undefined && <span class="detail"> since {timeOf(replica.since)}</span>}
      {replica.router !== undefined && <span class="detail"> at {replica.router}</span>}
    </th>
    <td data-label="State">{breakerWords[replica.breaker]}</td>
    <td data-label="Model">{plain(replica.model ?? '–')}</td>
    <td data-label="Under way" class="number">
      {number(replica.active)} of {number(replica.capacity)}
    </td>
    <td data-label="Turns" class="number">
      {number(replica.turns ?? 0)}
    </td>
    <td data-label="Time" class="number">
      {seconds(replica.meanMs)}
    </td>
    <td data-label="Last fault">
      <Fault fault={replica.lastFault} faults={replica.faults} />
    </td>
  </tr>
);

/** With several routers, the one to which it is connected. */
const atRouter = (router: string | undefined): string => (router === undefined ? '' : ` at ${router}`);

const stateOf = ({ dialect, router, replicas, awaySince, each = [] }: AgentView): string => {
  if (awaySince !== undefined) return `away since ${timeOf(awaySince)}`;
  const [first, ...others] = each;
  if (dialect === 'plain') return `connected, plain client${atRouter(router)}`;
  if (first && others.length === 0) return `${breakerWords[first.breaker]}${atRouter(first.router)}`;
  return `connected, ${number(replicas)} replicas`;
};

const AgentRows = ({ agent }: { readonly agent: AgentView }) => {
  const { name, awaySince, capacity, active, each = [], turns = 0, faults, meanMs, lastFault } = agent;
  const models = [...new Set(each.flatMap(({ model }) => model ?? []))].join(', ');
  return (
    <>
      <tr class={awaySince === undefined ? 'connected' : 'away'}>
        <th scope="row">{name}</th>
        <td data-label="State">{stateOf(agent)}</td>
        <td data-label="Model">{plain(models || '–')}</td>
        <td data-label="Under way" class="number">
          {capacity > 0 ? `${number(active)} of ${number(capacity)}` : '–'}
        </td>
        <td data-label="Turns" class="number">
          {number(turns)}
        </td>
        <td data-label="Time" class="number">
          {seconds(meanMs)}
        </td>
        <td data-label="Last fault">
          <Fault fault={lastFault} faults={faults} />
        </td>
      </tr>
      {each.length > 1 && each.map((replica, at) => <ReplicaRow key={at} replica={replica} place={at + 1} />)}
    </>
  );
};

/** How often the page asks the router, because no event reports the work of agents. */
const askEveryMs = 5_000;

/** The agents that are connected or were: their replicas, models, turns, times and faults. */
export const AgentsPage = ({ live }: { readonly live: Live }): ComponentChildren => {
  useEffect(() => {
    document.title = 'Agents · Parley';
    const timer = setInterval(() => {
      if (!document.hidden && live.link === 'live') live.refreshAgents();
    }, askEveryMs);
    return () => clearInterval(timer);
  }, [live]);
  const connected = live.agents.filter(({ awaySince }) => awaySince === undefined).length;
  const away = live.agents.length - connected;
  return (
    <section aria-labelledby="agents-title">
      <h1 id="agents-title" tabIndex={-1}>
        Agents{' '}
        <span id="agent-count" class="count">
          {live.agentsKnown
            ? `${number(connected)} connected${away > 0 ? `, ${number(away)} away` : ''}`
            : 'loading…'}
        </span>
      </h1>
      {live.agentsKnown && live.agents.length === 0 && <p>No agent is connected.</p>}
      {live.agents.length > 0 && (
        <>
          <p class="detail">
            Turns, times and faults are counted since the router started. The time is from the grant of a turn
            to its answer.
          </p>
          <div class="table-place">
            <table id="agents">
              <thead>
                <tr>
                  {['Name', 'State', 'Model', 'Under way', 'Turns', 'Time', 'Last fault'].map((title) => (
                    <th key={title} scope="col">
                      {title}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {live.agents.map((agent) => (
                  <AgentRows key={agent.name} agent={agent} />
                ))}
              </tbody>
            </table>
          </div>
        </>
      )}
    </section>
  );
};
