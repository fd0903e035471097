import type { ConversationView } from '@parley/protocol';
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { Live } from '../../model/live.ts';
import { count, titleOf } from '../../model/words.ts';
import { Confirm } from '../dialog.tsx';
import { withoutControls } from '../plain-text.tsx';
import { Fault, useAttempt } from '../transcript/attempt.tsx';

/**
 * Pause, resume, step and end. A button that would have no effect is disabled and not removed, so that a pressed button keeps the
 * focus.
 */
export const Controls = ({
  live,
  view,
}: {
  readonly live: Live;
  readonly view: ConversationView;
}): ComponentChildren => {
  const [fault, attempt] = useAttempt();
  const [ending, setEnding] = useState(false);
  if (!live.isOperator || view.status === 'ended') return null;
  const act = (action: 'pause' | 'resume' | 'step' | 'end') => void attempt(() => live.act(view.id, action));
  const paused = view.status === 'paused';
  const title = withoutControls(titleOf(view));
  return (
    <fieldset class="acts" aria-label="Direct the conversation">
      <button type="button" onClick={() => act(paused ? 'resume' : 'pause')}>
        {paused ? 'Resume' : 'Pause'}
      </button>
      <button
        type="button"
        aria-disabled={!paused}
        title="Only while it is paused"
        onClick={() => paused && act('step')}
      >
        One turn
      </button>
      <button type="button" class="grave" onClick={() => setEnding(true)}>
        End…
      </button>
      <Fault id="act-fault" text={fault} />
      {ending && (
        <Confirm
          title={`End “${title}”?`}
          text={`It has ${count(view.members.length, 'member')} and ${count(view.turns, 'turn')}. An ended conversation cannot go on; it can be forked.`}
          action="End the conversation"
          onYes={() => {
            setEnding(false);
            act('end');
          }}
          onNo={() => setEnding(false)}
        />
      )}
    </fieldset>
  );
};
