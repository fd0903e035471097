import type { ConversationView, Entry } from '@parley/protocol';
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { Live } from '../../model/live.ts';
import { conversationLink } from '../../model/route.ts';
import { Dialog } from '../dialog.tsx';
import { Fault, useAttempt } from '../transcript/attempt.tsx';

/** Forks the conversation after an entry, with other models or another number of turns if the operator chooses that. */
export const ForkDialog = ({
  live,
  view,
  entry,
  onClose,
}: {
  readonly live: Live;
  readonly view: ConversationView;
  readonly entry: Entry;
  readonly onClose: () => void;
}): ComponentChildren => {
  const [fault, attempt] = useAttempt();
  const [models, setModels] = useState<Readonly<Record<string, string>>>({});
  const [turns, setTurns] = useState('');
  const modelOf = (name: string) => view.cast.find((role) => role.name === name)?.model ?? '';
  const fork = () =>
    attempt(async () => {
      const cast = Object.entries(models)
        .filter(([name, model]) => model.trim() !== '' && model.trim() !== modelOf(name))
        .map(([name, model]) => ({
          ...view.cast.find((role) => role.name === name),
          name,
          model: model.trim(),
        }));
      const { conversation } = await live.act(view.id, 'fork', {
        at: entry.seq,
        ...(cast.length > 0 && { cast }),
        ...(turns && { limits: { maxTurns: Number(turns) } }),
      });
      onClose();
      location.hash = conversationLink(conversation);
    });
  return (
    <Dialog title={`Fork after entry ${entry.seq}`} onClose={onClose}>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          void fork();
        }}
      >
        <p>A new conversation shares the entries 1 to {entry.seq} and goes on by itself.</p>
        {view.members.map((name) => (
          <label key={name}>
            Model of {name}
            <input
              value={models[name] ?? modelOf(name)}
              placeholder="the model of the agent"
              maxLength={200}
              autocomplete="off"
              onInput={(event) => setModels({ ...models, [name]: event.currentTarget.value })}
            />
          </label>
        ))}
        <label>
          Most turns in all
          <input
            type="number"
            min="0"
            max="1000000"
            value={turns}
            placeholder={view.limits.maxTurns > 0 ? String(view.limits.maxTurns) : 'no limit'}
            onInput={(event) => setTurns(event.currentTarget.value)}
          />
        </label>
        <div class="buttons">
          <button type="submit">Fork</button>
          <button type="button" onClick={onClose}>
            Cancel
          </button>
        </div>
        <Fault id="fork-fault" text={fault} />
      </form>
    </Dialog>
  );
};
