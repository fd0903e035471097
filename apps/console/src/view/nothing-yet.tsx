import type { ComponentChildren } from 'preact';
import type { Live } from '../model/live.ts';
import { agentCommand, Command } from './new/command.tsx';

/** What to do next, when there is no conversation. */
export const NothingYet = ({ live }: { readonly live: Live }): ComponentChildren => {
  const first = live.agents.find(({ awaySince }) => awaySince === undefined);
  const token = live.hasToken ? 'AGENT_TOKEN=… ' : '';
  return (
    <section id="empty" class="empty">
      {first ? (
        <>
          <h1>No conversation yet</h1>
          <p>
            {first.name} is connected.{' '}
            {live.isOperator && (
              <>
                <a href="#new">Open a conversation</a>, or start
              </>
            )}{' '}
            an agent that speaks first:
          </p>
          <Command text={token + agentCommand(`carol ${first.name} true`)} />
        </>
      ) : (
        <>
          <h1>No agent is connected yet</h1>
          <p>
            Start two agents, each in a terminal of its own. Without a key in .env they rehearse, without a
            model:
          </p>
          <Command text={token + agentCommand('bob alice')} />
          <Command text={token + agentCommand('alice bob true')} />
        </>
      )}
    </section>
  );
};
