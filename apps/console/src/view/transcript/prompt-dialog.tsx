import type { ModelCall, PromptView } from '@parley/protocol';
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { OpenConversation } from '../../model/open-conversation.ts';
import { read } from '../../model/router-client.ts';
import { count, number, timeOf } from '../../model/words.ts';
import { Dialog } from '../dialog.tsx';
import { plain } from '../plain-text.tsx';
import { Fault, useAttempt } from './attempt.tsx';

const purposes: Readonly<Record<ModelCall['purpose'], string>> = {
  message: 'for the message',
  bid: 'for the bid',
  summary: 'for its summary',
};

const factsOf = ({ purpose, attempt, at, model, parameters }: ModelCall): string =>
  [
    purposes[purpose],
    attempt > 1 && `attempt ${attempt}`,
    model,
    ...parameters.map(({ name, value }) => `${name} ${value}`),
    timeOf(at),
  ]
    .filter(Boolean)
    .join(' · ');

const Call = ({ call, title }: { readonly call: ModelCall; readonly title: string }) => (
  <section class="call">
    <h3>{title}</h3>
    <p class="detail">{factsOf(call)}</p>
    {call.omitted && (
      <p class="detail">
        Left out, because it was too large: {count(call.omitted.messages, 'message')},{' '}
        {count(call.omitted.characters, 'character')}.
      </p>
    )}
    <dl class="sent">
      {call.messages.map(({ role, content }) => (
        <div class={`role-${role === 'system' || role === 'assistant' ? role : 'user'}`}>
          <dt>
            {role} <span class="detail">{number(content.length)} characters</span>
          </dt>
          <dd dir="auto">{plain(content)}</dd>
        </div>
      ))}
    </dl>
  </section>
);

/** The exact messages that an agent sent to its model before an entry, from the agent itself. */
export const PromptDialog = ({
  open,
  seq,
  onClose,
}: {
  readonly open: OpenConversation;
  readonly seq: number;
  readonly onClose: () => void;
}): ComponentChildren => {
  const [view, setView] = useState<PromptView>();
  const [fault, attempt] = useAttempt();
  useEffect(() => {
    void attempt(async () => setView(await read<PromptView>(`${open.path}/prompt?seq=${seq}`)));
  }, [seq]);
  const isWaiting = view === undefined && fault === '';
  return (
    <Dialog title={`The prompt that led to entry ${seq}`} onClose={onClose} wide>
      {isWaiting && <p role="status">Asking the agent…</p>}
      <Fault id="prompt-fault" text={fault} />
      <div id="prompt" tabIndex={-1}>
        {view?.calls.map((call, index) => (
          <Call call={call} title={`Call ${index + 1} of ${view.calls.length}`} />
        ))}
      </div>
      <div class="buttons">
        <button type="button" onClick={onClose} autofocus>
          Close
        </button>
      </div>
    </Dialog>
  );
};
