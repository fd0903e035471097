import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import type { Live } from '../model/live.ts';
import { number, timeOf } from '../model/words.ts';

/** The connected agents, and those that were connected since this page was opened. */
export const AgentsPage = ({ live }: { readonly live: Live }): ComponentChildren => {
  useEffect(() => {
    document.title = 'Agents · Parley';
  }, []);
  const connected = live.agents.filter(({ awaySince }) => awaySince === undefined).length;
  return (
    <section aria-labelledby="agents-title">
      <h1 id="agents-title" tabIndex={-1}>
        Agents{' '}
        <span id="agent-count" class="count">
          {live.agentsKnown ? `${number(connected)} connected` : 'loading…'}
        </span>
      </h1>
      {live.agentsKnown && live.agents.length === 0 && <p>No agent is connected.</p>}
      {live.agents.length > 0 && (
        <div class="table-place">
          <table id="agents">
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">State</th>
                <th scope="col">Protocol</th>
                <th scope="col">Replicas</th>
                <th scope="col">Turns at once</th>
                <th scope="col">Under way</th>
              </tr>
            </thead>
            <tbody>
              {live.agents.map(({ name, awaySince, dialect, replicas, capacity, active }) => (
                <tr key={name} class={awaySince === undefined ? 'connected' : 'away'}>
                  <th scope="row">{name}</th>
                  <td>{awaySince === undefined ? 'connected' : `away since ${timeOf(awaySince)}`}</td>
                  <td>{dialect === 'plain' ? 'plain' : 'parley.v1'}</td>
                  <td class="number">{number(replicas)}</td>
                  <td class="number">{capacity > 0 ? number(capacity) : 'no limit'}</td>
                  <td class="number">{number(active)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
};
