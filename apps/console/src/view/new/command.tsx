import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';

/** How to start an agent that finds this router. */
export const agentCommand = (words: string): string => {
  const url = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}`;
  return `${url === 'ws://localhost:8765' ? '' : `ROUTER_URL=${url} `}npm run agent -- ${words}`;
};

/** A command, and a button that copies it. */
export const Command = ({ text }: { readonly text: string }): ComponentChildren => {
  const [told, tell] = useState('Copy');
  return (
    <div class="command">
      <pre>{text}</pre>
      <button
        type="button"
        onClick={() =>
          void navigator.clipboard
            .writeText(text)
            .then(() => tell('Copied'))
            .catch(() => tell('Select the text to copy it'))
        }
      >
        {told}
      </button>
    </div>
  );
};
