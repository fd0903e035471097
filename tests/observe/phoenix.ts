/**
 * Sends the traces of a conversation of two agents to a real Phoenix and asks Phoenix what it has understood:
 * `npm run phoenix [-- URL]`. Exits with 1 when a session, a parent or a token is missing. How to start Phoenix:
 * docs/external-suites.md.
 */
import { FakeOpenAi } from '../harness/fake-openai.ts';
import { RunningRouter, startAgent } from '../harness/parley.ts';
import { until } from '../harness/poll.ts';
import { killAll } from '../harness/started-process.ts';

interface PhoenixSpan {
  readonly name: string;
  readonly spanKind: string;
  readonly parentId: string | null;
  readonly context: { readonly traceId: string; readonly spanId: string };
  readonly tokenCountTotal: number | null;
  /** JSON. */
  readonly attributes: string;
}
interface PhoenixSession {
  readonly sessionId: string;
  readonly numTraces: number;
  readonly tokenUsage: { readonly total: number };
}
interface Answer {
  readonly data: {
    readonly projects: {
      readonly edges: readonly {
        readonly node: {
          readonly sessions: { readonly edges: readonly { readonly node: PhoenixSession }[] };
          readonly spans: { readonly edges: readonly { readonly node: PhoenixSpan }[] };
        };
      }[];
    };
  };
}

const turns = 4;
const spansOfTurn = 4;
const [url = 'http://127.0.0.1:6006'] = process.argv.slice(2);
const query = `{ projects { edges { node {
  sessions(first: 50) { edges { node { sessionId numTraces tokenUsage { total } } } }
  spans(first: 200) { edges { node { name spanKind parentId context { traceId spanId } tokenCountTotal attributes } } }
} } } }`;

const asked = async () => {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  const { data } = (await response.json()) as Answer;
  const projects = data.projects.edges.map(({ node }) => node);
  return {
    sessions: projects.flatMap(({ sessions }) => sessions.edges.map(({ node }) => node)),
    spans: projects.flatMap(({ spans }) => spans.edges.map(({ node }) => node)),
  };
};

const problemsOf = (spans: readonly PhoenixSpan[], tokens: number, session: PhoenixSession): string[] => {
  const byId = new Map(spans.map((span) => [span.context.spanId, span]));
  const parent = ({ parentId }: PhoenixSpan) => (parentId === null ? undefined : byId.get(parentId)?.name);
  const named = (start: string) => spans.filter(({ name }) => name.split(' ')[0] === start);
  const check = (what: string, holds: boolean) => (holds ? [] : [what]);
  return [
    ...check('each turn is a trace of its own', session.numTraces === turns),
    ...check('the session has the tokens of the ledger', session.tokenUsage.total === tokens),
    ...check(
      'each turn is the first span of its trace',
      named('turn').every((one) => !one.parentId),
    ),
    ...check(
      'both agents are seen',
      new Set(named('invoke_agent').map(({ name }) => name)).size === 2 &&
        named('invoke_agent').every((one) => one.spanKind === 'agent' && parent(one) === 'turn'),
    ),
    ...check(
      'each call of the model is below its agent, and has tokens',
      named('chat').length === turns &&
        named('chat').every(
          (one) =>
            one.spanKind === 'llm' &&
            parent(one)?.startsWith('invoke_agent ') &&
            (one.tokenCountTotal ?? 0) > 0,
        ),
    ),
  ];
};

const model = await FakeOpenAi.start();
try {
  const traced = { OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_BSP_SCHEDULE_DELAY: '200' };
  const router = await RunningRouter.start(traced);
  const common = {
    ...traced,
    ...{ ROUTER_URL: router.url, OPENAI_BASE_URL: model.baseUrl, OPENAI_MODEL: 'a-model' },
    AGENT_MAX_TURNS: String(turns),
  };
  startAgent(['bob', 'alice'], common);
  startAgent(['alice', 'bob', 'true'], common);
  const { id } = await router.ended('alice', 60_000);
  const tokens = (await router.entries(id)).reduce((sum, entry) => {
    const usage = 'usage' in entry ? entry.usage : undefined;
    return sum + (usage ? usage.inputTokens + usage.outputTokens : 0);
  }, 0);
  const { session, spans } = await until(
    'the session in Phoenix',
    async () => {
      const seen = await asked();
      const session = seen.sessions.find(({ sessionId }) => sessionId === id);
      // Phoenix may know other conversations from earlier runs.
      const spans = seen.spans.filter(({ attributes }) => attributes.includes(id));
      return session && spans.length >= turns * spansOfTurn && { session, spans };
    },
    60_000,
  );
  const problems = problemsOf(spans, tokens, session);
  for (const problem of problems) console.error(`phoenix: not true: ${problem}`);
  if (problems.length === 0)
    console.log(`phoenix: one session of ${turns} traces, ${spans.length} spans, ${tokens} tokens`);
  process.exitCode = problems.length > 0 ? 1 : 0;
} finally {
  await killAll();
  await model.stop();
}
