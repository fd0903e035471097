import type { ConversationView, Entry } from '@parley/protocol';
import type { ComponentChildren } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { type AlignedTurn, align } from '../../model/alignment.ts';
import { allEntries } from '../../model/all-entries.ts';
import { conversationLink } from '../../model/route.ts';
import { get } from '../../model/router-client.ts';
import { differencesOf, partsOf } from '../../model/word-differences.ts';
import { colourOf, count, dollars, number, titleOf } from '../../model/words.ts';
import { statusOf } from '../conversation/conversation-head.tsx';
import { markdown } from '../markdown.tsx';
import { textsIn, withMarks } from '../marked-words.tsx';
import { plain } from '../plain-text.tsx';

interface Side {
  readonly conversation: ConversationView;
  readonly entries: readonly Entry[];
}

/** The maximum number of entries that are compared. */
const mostEntries = 2_000;

const Head = ({ side }: { readonly side: Side }) => {
  const { conversation } = side;
  const { usage, parent } = conversation;
  return (
    <th scope="col">
      <a href={conversationLink(conversation.id)} dir="auto">
        {plain(titleOf(conversation))}
      </a>
      <span class="detail">
        {[
          parent && `fork after entry ${parent.seq}`,
          statusOf(conversation),
          count(conversation.turns, 'turn'),
          `${number(usage.inputTokens + usage.outputTokens)} tokens`,
          usage.cost > 0 && dollars(usage.cost),
          ...conversation.cast.flatMap(({ name, model }) => (model ? [`${name}: ${model}`] : [])),
        ]
          .filter(Boolean)
          .join(' · ')}
      </span>
    </th>
  );
};

/** The two texts of a turn. The words that one member said differently are marked. */
const textsOf = ({ left, right, same }: AlignedTurn): readonly [ComponentChildren, ComponentChildren] => {
  const [one, other] = [left && markdown(left.text), right && markdown(right.text)];
  if (same || left?.from !== right?.from) return [one, other];
  const [words, others] = [one, other].map((text) => textsIn(text).flatMap(partsOf));
  const found = differencesOf(words ?? [], others ?? []);
  return found ? [withMarks(one, found.left), withMarks(other, found.right)] : [one, other];
};

const Cell = ({
  side,
  entry,
  children,
}: {
  readonly side: Side;
  readonly entry: Extract<Entry, { type: 'said' }> | undefined;
  readonly children: ComponentChildren;
}) => (
  <td class={entry ? colourOf(side.conversation.members, entry.from) : 'nothing'}>
    {entry ? (
      <>
        <div class="by">
          <strong class="name">{entry.from}</strong>
          <a
            class="seq"
            href={conversationLink(side.conversation.id, entry.seq)}
            aria-label={`Entry ${entry.seq}`}
          >
            {entry.seq}
          </a>
        </div>
        <div class="text" dir="auto">
          {children}
        </div>
      </>
    ) : (
      <span class="detail">no further message</span>
    )}
  </td>
);

const Turn = ({
  turn,
  number: place,
  sides: [one, other],
}: {
  readonly turn: AlignedTurn;
  readonly number: number;
  readonly sides: readonly [Side, Side];
}) => {
  const [left, right] = useMemo(() => textsOf(turn), [turn]);
  return (
    <tr class={turn.same ? 'same' : 'different'}>
      <th scope="row">
        {place}
        {!turn.same && <span class="difference">differs</span>}
      </th>
      <Cell side={one} entry={turn.left}>
        {left}
      </Cell>
      <Cell side={other} entry={turn.right}>
        {right}
      </Cell>
    </tr>
  );
};

/** Two conversations beside each other, by turn. Shared parts are folded, differences are marked. */
export const ComparePage = ({
  left,
  right,
}: {
  readonly left: string;
  readonly right: string;
}): ComponentChildren => {
  const [sides, setSides] = useState<readonly (Side | undefined)[]>();
  const [whole, setWhole] = useState(false);
  useEffect(() => {
    document.title = 'Compare · Parley';
    let isWanted = true;
    const load = async (id: string): Promise<Side | undefined> => {
      const page = await get<Side>(`v1/conversations/${encodeURIComponent(id)}?limit=1`);
      if (!page) return undefined;
      const entries: Entry[] = [];
      for await (const entry of allEntries(id)) if (entries.push(entry) >= mostEntries) break;
      return { conversation: page.conversation, entries };
    };
    Promise.all([load(left), load(right)])
      .then((found) => isWanted && setSides(found))
      .catch((error: unknown) => console.info('the two could not be loaded', error));
    return () => {
      isWanted = false;
    };
  }, [left, right]);
  const [one, other] = sides ?? [];
  const { shared, turns } = useMemo(() => align(one?.entries ?? [], other?.entries ?? []), [one, other]);
  if (!sides) return <p role="status">Loading the two conversations…</p>;
  if (!one || !other)
    return (
      <section class="empty">
        <h1>One of the two does not exist</h1>
        <p>
          <a href="#runs">All conversations</a>
        </p>
      </section>
    );
  const first = whole ? 0 : shared;
  return (
    <section class="compare" aria-labelledby="compare-title">
      <h1 id="compare-title" tabIndex={-1}>
        Compare
      </h1>
      <p id="shared">
        {shared === 0 ? 'They share no message.' : `They begin with the same ${count(shared, 'message')}.`}{' '}
        {shared > 0 && (
          <button type="button" onClick={() => setWhole(!whole)} aria-expanded={whole}>
            {whole ? 'Fold what they share' : 'Show what they share'}
          </button>
        )}
      </p>
      {sides.some((side) => side && side.conversation.seq > side.entries.length) && (
        <p class="detail">Only the first {number(mostEntries)} entries of each are compared.</p>
      )}
      <div class="table-place">
        <table id="compare">
          <thead>
            <tr>
              <th scope="col">Turn</th>
              <Head side={one} />
              <Head side={other} />
            </tr>
          </thead>
          <tbody>
            {turns.slice(first).map((turn, index) => (
              <Turn key={first + index} turn={turn} number={first + index + 1} sides={[one, other]} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
};
