import type { ComponentChildren } from 'preact';
import type { Live } from '../model/live.ts';

/** How to start an agent that finds this router. */
const agentCommand = (words: string): string => {
  const url = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}`;
  return `${url === 'ws://localhost:8765' ? '' : `ROUTER_URL=${url} `}npm run agent -- ${words}`;
};

const Command = ({ text }: { readonly text: string }) => (
  <div class="command">
    <pre>{text}</pre>
    <button type="button" onClick={() => void navigator.clipboard.writeText(text).catch(() => undefined)}>
      Copy
    </button>
  </div>
);

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
