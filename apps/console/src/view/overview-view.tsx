import type { Minute, Need, Overview, Talk } from '@parley/protocol';
import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import type { Live } from '../model/live.ts';
import { conversationLink, runsLink } from '../model/route.ts';
import { count, dollars, minuteOf, number, span, waits } from '../model/words.ts';
import { Bars } from './bars.tsx';
import { NothingYet } from './nothing-yet.tsx';
import { plain } from './plain-text.tsx';

/** How often the page asks the router for what is in no entry: long waits, and the sums of a new minute. */
const askEveryMs = 3_000;

const needWords: Readonly<Record<Need['type'], string>> = {
  failure: 'failed',
  pause: 'paused',
  seat: 'seat',
  wait: 'waits',
  budget: 'budget',
};

/** The sentence of a need, without the title of its conversation. */
const sentenceOf = (need: Need, now: number): string => {
  switch (need.type) {
    case 'failure':
      return `ended ${span(now - need.at)} ago: ${need.ending}${need.detail ? `. ${need.detail}` : ''}`;
    case 'pause':
      return `the router has paused it ${span(now - need.since)} ago${need.detail ? `: ${need.detail}` : ''}`;
    case 'seat':
      return `${need.by} speaks for ${need.member}, who has had the floor for ${span(now - need.since)}`;
    case 'wait':
      return `${need.member} ${waits[need.reason] ?? `waits: ${need.reason}`}, for ${span(now - need.since)}${
        need.turns > 1
          ? `; ${count(need.turns - 1, 'more of its turns waits', 'more of its turns wait')}, too`
          : ''
      }`;
    case 'budget': {
      const [used, limit] =
        need.budget === 'cost'
          ? [dollars(need.used), dollars(need.limit)]
          : [`${number(need.used)} tokens`, number(need.limit)];
      const share = Math.floor((100 * need.used) / need.limit);
      return `${need.member === undefined ? '' : `${need.member} `}has used ${share} % of the budget: ${used} of ${limit}`;
    }
  }
};

const Needs = ({ overview, now }: { readonly overview: Overview; readonly now: number }) => {
  const { needs, needed } = overview;
  if (needs.length === 0) return <p id="no-needs">Nothing needs a person.</p>;
  return (
    <>
      <ol id="needs" class="needs">
        {needs.map((need) => (
          <li
            key={`${need.type} ${need.conversation} ${'member' in need ? need.member : ''}`}
            class={need.type}
          >
            <span class={`need ${need.type}`}>{needWords[need.type]}</span>
            <a href={conversationLink(need.conversation)} dir="auto">
              {plain(need.title)}
            </a>
            <span class="why">{plain(sentenceOf(need, now))}</span>
          </li>
        ))}
      </ol>
      {needed > needs.length && <p class="detail">{number(needed - needs.length)} more are not listed.</p>}
    </>
  );
};

const Picture = ({
  name,
  value,
  detail,
  values,
  label,
}: {
  readonly name: string;
  readonly value: string;
  readonly detail: string;
  readonly values: readonly (readonly number[])[];
  readonly label: string;
}) => (
  <figure class="picture">
    <figcaption>
      <span class="what">{name}</span> <strong>{value}</strong> <span class="detail">{detail}</span>
    </figcaption>
    <Bars label={label} values={values} />
  </figure>
);

const sumOf = (minutes: readonly Minute[], field: Exclude<keyof Minute, 'at'>): number =>
  minutes.reduce((sum, minute) => sum + minute[field], 0);
const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;

const Pictures = ({ overview }: { readonly overview: Overview }) => {
  const { minutes, today } = overview;
  // The minute under way is not over: the rate is that of the one before and of it.
  const newest = minutes.slice(-2);
  const passed = Math.max(1, (overview.at - (newest[0]?.at ?? overview.at)) / 1_000);
  const rate = sumOf(newest, 'turns') / passed;
  const [waitMs, modelMs, turns] = [
    sumOf(minutes, 'waitMs'),
    sumOf(minutes, 'modelMs'),
    Math.max(1, sumOf(minutes, 'turns')),
  ];
  const since = `today, since ${minuteOf(today.since)}`;
  const tokens = today.inputTokens + today.outputTokens;
  const hour = 'each minute of the last hour';
  return (
    <div id="pictures" class="pictures">
      <Picture
        name="Turns"
        value={`${rate < 10 ? rate.toFixed(1) : number(Math.round(rate))}/s`}
        detail={`${number(today.turns)} ${since}`}
        values={minutes.map((minute) => [minute.turns])}
        label={`Turns in ${hour}: ${number(sumOf(minutes, 'turns'))} in all`}
      />
      <Picture
        name="Wait and model"
        value={`${seconds(waitMs / turns)} + ${seconds(modelMs / turns)}`}
        detail="a turn waits, then its model works, in the last hour"
        values={minutes.map((minute) => [minute.modelMs, minute.waitMs])}
        label={`Time of turns in ${hour}: ${seconds(modelMs)} of models, ${seconds(waitMs)} of waiting`}
      />
      <Picture
        name="Tokens"
        value={number(tokens)}
        detail={`${number(today.inputTokens)} in, ${number(today.outputTokens)} out, ${since}`}
        values={minutes.map((minute) => [minute.tokens])}
        label={`Tokens in ${hour}: ${number(sumOf(minutes, 'tokens'))} in all`}
      />
      <Picture
        name="Money"
        value={dollars(today.cost)}
        detail={since}
        values={minutes.map((minute) => [minute.cost])}
        label={`Money in ${hour}: ${dollars(sumOf(minutes, 'cost'))} in all`}
      />
    </div>
  );
};

const TalkRow = ({ talk, now }: { readonly talk: Talk; readonly now: number }) => {
  const { conversation, title, status, members, turns, maxTurns, floor, last } = talk;
  return (
    <li>
      <div class="about">
        <span class={`status ${status}`}>{status}</span>
        <a href={conversationLink(conversation)} dir="auto">
          {plain(title)}
        </a>
        <span class="detail">
          {[
            members.join(', '),
            maxTurns > 0 ? `${number(turns)} of ${count(maxTurns, 'turn')}` : count(turns, 'turn'),
            floor.length > 0 && `the floor: ${floor.join(', ')}`,
          ]
            .filter(Boolean)
            .join(' · ')}
        </span>
      </div>
      {last && (
        <p class="last" dir="auto">
          <strong>{last.from}</strong> {plain(last.text)}{' '}
          <span class="detail">{span(now - last.at)} ago</span>
        </p>
      )}
    </li>
  );
};

/** How the conversations of today have ended, each reason as a link to them. */
const Endings = ({ ended }: { readonly ended: Overview['today']['ended'] }) => {
  const all = Object.entries(ended).sort(([, one], [, other]) => other - one);
  return all.length === 0 ? null : (
    <p id="endings">
      Ended today:{' '}
      {all.map(([ending, times], at) => (
        <span key={ending}>
          {at > 0 && ', '}
          <a href={runsLink({ ending })}>
            {number(times)} {ending}
          </a>
        </span>
      ))}
    </p>
  );
};

/** The first page: what needs a person, what runs, and what the router did in the last hour. */
export const OverviewPage = ({ live }: { readonly live: Live }): ComponentChildren => {
  const { overview } = live;
  useEffect(() => {
    document.title = 'Overview · Parley';
    const timer = setInterval(() => {
      if (!document.hidden && live.link === 'live') live.refreshOverview();
    }, askEveryMs);
    return () => clearInterval(timer);
  }, [live]);
  if (!overview) return <p role="status">Loading the overview…</p>;
  if (overview.total === 0) return <NothingYet live={live} />;
  // Times are those of the router's clock.
  const now = overview.at;
  return (
    <section id="overview" class="overview" aria-labelledby="overview-title">
      <h1 id="overview-title" tabIndex={-1}>
        Overview{' '}
        <span id="overview-count" class="count">
          {[
            `${number(overview.running)} running`,
            overview.paused > 0 && `${number(overview.paused)} paused`,
            `${number(overview.total)} in the ledger`,
            count(overview.agents, 'agent'),
          ]
            .filter(Boolean)
            .join(' · ')}
        </span>
      </h1>
      <section aria-labelledby="needs-title">
        <h2 id="needs-title">What needs a person</h2>
        <Needs overview={overview} now={now} />
      </section>
      <section aria-labelledby="pictures-title">
        <h2 id="pictures-title">The last hour</h2>
        <Pictures overview={overview} />
        <Endings ended={overview.today.ended} />
      </section>
      <section aria-labelledby="talks-title">
        <h2 id="talks-title">What runs</h2>
        {overview.talks.length === 0 ? (
          <p>No conversation runs.</p>
        ) : (
          <ul id="talks" class="talks">
            {overview.talks.map((talk) => (
              <TalkRow key={talk.conversation} talk={talk} now={now} />
            ))}
          </ul>
        )}
        {overview.running + overview.paused > overview.talks.length && (
          <p>
            <a href={runsLink({ status: 'running' })}>All {number(overview.running)} that run</a>
          </p>
        )}
      </section>
    </section>
  );
};
