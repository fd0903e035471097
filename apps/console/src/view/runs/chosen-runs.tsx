import type { ConversationView, Entry } from '@parley/protocol';
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { allEntries } from '../../model/all-entries.ts';
import type { Live } from '../../model/live.ts';
import { compareLink } from '../../model/route.ts';
import { runsAsCsv } from '../../model/runs/run-table.ts';
import { saveFile } from '../../model/save-file.ts';
import { count, titleOf } from '../../model/words.ts';
import { Dialog } from '../dialog.tsx';
import { withoutControls } from '../plain-text.tsx';
import { Fault, useAttempt } from '../transcript/attempt.tsx';

/** Titles that the question lists before it ends several conversations. */
const maxNamed = 20;

const EndAll = ({
  runs,
  onYes,
  onNo,
}: {
  readonly runs: readonly ConversationView[];
  readonly onYes: () => void;
  readonly onNo: () => void;
}) => (
  <Dialog title={`End ${count(runs.length, 'conversation')}?`} onClose={onNo}>
    <ul id="end-names">
      {runs.slice(0, maxNamed).map((run) => (
        <li key={run.id} dir="auto">
          {withoutControls(titleOf(run)).slice(0, 200)} <span class="detail">{count(run.turns, 'turn')}</span>
        </li>
      ))}
    </ul>
    {runs.length > maxNamed && <p>And {count(runs.length - maxNamed, 'further one')}.</p>}
    <p>An ended conversation cannot go on; it can be forked.</p>
    <div class="buttons">
      <button type="button" class="grave" onClick={onYes}>
        End {runs.length === 1 ? 'it' : `all ${runs.length}`}
      </button>
      <button type="button" onClick={onNo} autofocus>
        Cancel
      </button>
    </div>
  </Dialog>
);

/** What can be done with the rows that were chosen: compare two, export and end any number. */
export const ChosenRuns = ({
  live,
  chosen,
  onClear,
}: {
  readonly live: Live;
  /** In the order in which they were chosen. */
  readonly chosen: readonly ConversationView[];
  readonly onClear: () => void;
}): ComponentChildren => {
  const [fault, attempt] = useAttempt();
  const [asked, setAsked] = useState<readonly ConversationView[]>();
  const [told, tell] = useState('');
  const [one, other] = chosen;
  const open = chosen.filter(({ status }) => status !== 'ended');
  const entries = async () => {
    const parts: string[] = [];
    for (const { id } of chosen) {
      const put = (entry: Entry) => parts.push(`${JSON.stringify({ conversation: id, entry })}\n`);
      for await (const entry of allEntries(id)) put(entry);
    }
    saveFile('conversations.jsonl', 'application/jsonl', parts);
  };
  const table = async () => saveFile('conversations.csv', 'text/csv', [runsAsCsv(chosen, Date.now())]);
  const endAll = async (runs: readonly ConversationView[]) => {
    setAsked(undefined);
    let ended = 0;
    await attempt(async () => {
      for (const { id } of runs) {
        await live.act(id, 'end');
        ended++;
      }
    });
    tell(`${ended} of ${count(runs.length, 'conversation')} ended.`);
    live.runs.refresh();
  };
  return (
    <div class="chosen">
      {one === undefined ? (
        <span class="detail">Choose conversations to compare, export or end them.</span>
      ) : (
        <>
          <span id="chosen-count">{chosen.length} chosen</span>
          {chosen.length === 2 && other !== undefined && (
            <a class="button" href={compareLink(one.id, other.id)}>
              Compare the two
            </a>
          )}
          <button type="button" onClick={() => void attempt(entries)}>
            Export entries (JSONL)
          </button>
          <button type="button" onClick={() => void attempt(table)}>
            Export table (CSV)
          </button>
          {live.isOperator && open.length > 0 && (
            <button type="button" class="grave" onClick={() => setAsked(open)}>
              End {open.length}…
            </button>
          )}
          <button type="button" onClick={onClear}>
            Clear the choice
          </button>
        </>
      )}
      <span role="status">{told}</span>
      <Fault id="chosen-fault" text={fault} />
      {asked && <EndAll runs={asked} onYes={() => void endAll(asked)} onNo={() => setAsked(undefined)} />}
    </div>
  );
};
