import type { ConversationView } from '@parley/protocol';
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { Live } from '../../model/live.ts';
import { Dialog } from '../dialog.tsx';
import { Fault, useAttempt } from '../transcript/attempt.tsx';

/** Another model or another persona for a member, from its next turn on. */
export const RecastDialog = ({
  live,
  view,
  name,
  onClose,
}: {
  readonly live: Live;
  readonly view: ConversationView;
  readonly name: string;
  readonly onClose: () => void;
}): ComponentChildren => {
  const role = view.cast.find((one) => one.name === name);
  const [model, setModel] = useState(role?.model ?? '');
  const [persona, setPersona] = useState(role?.persona ?? '');
  const [fault, attempt] = useAttempt();
  const changed = {
    ...(model.trim() && model.trim() !== role?.model && { model: model.trim() }),
    ...(persona.trim() && persona.trim() !== role?.persona && { persona: persona.trim() }),
  };
  const isChanged = Object.keys(changed).length > 0;
  const recast = async () => {
    if (!isChanged) return;
    const done = await attempt(() => live.act(view.id, 'recast', { role: { name, ...changed } }));
    if (done) onClose();
  };
  return (
    <Dialog title={`Recast ${name}`} onClose={onClose}>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          void recast();
        }}
      >
        <p>The change counts from the next turn of {name} on. An empty field changes nothing.</p>
        <label>
          Model
          <input
            value={model}
            placeholder="the model of the agent"
            maxLength={200}
            autocomplete="off"
            onInput={(event) => setModel(event.currentTarget.value)}
          />
        </label>
        <label>
          Persona
          <textarea
            rows={6}
            maxLength={16_000}
            dir="auto"
            value={persona}
            onInput={(event) => setPersona(event.currentTarget.value)}
          />
        </label>
        <div class="buttons">
          <button type="submit" aria-disabled={!isChanged}>
            Recast
          </button>
          <button type="button" onClick={onClose}>
            Cancel
          </button>
        </div>
        <Fault id="recast-fault" text={fault} />
      </form>
    </Dialog>
  );
};
