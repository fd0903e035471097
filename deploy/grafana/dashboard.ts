import { agentMetrics, routerMetrics } from '@parley/kit';
import { dashboardOf, type Panel } from './panels.ts';
import {
  aMinute,
  calls,
  mean,
  ofModel,
  ofRouter,
  onModel,
  onRouter,
  overRange,
  quantile,
  rate,
  sum,
} from './queries.ts';

const router = routerMetrics;
const agent = agentMetrics;

const atAGlance: Panel[] = [
  {
    kind: 'stat',
    title: 'Conversations running',
    about: 'Conversations that have not ended.',
    unit: 'short',
    queries: { running: sum(ofRouter(router.conversationsRunning)) },
  },
  {
    kind: 'stat',
    title: 'Agents connected',
    about: 'Agents with at least one registered connection.',
    unit: 'short',
    queries: { agents: sum(ofRouter(router.agentsConnected)) },
  },
  {
    kind: 'stat',
    title: 'Turns a second',
    about: 'Turns that were answered with a line.',
    unit: 'ops',
    queries: { turns: rate(ofRouter(router.turns, ',outcome="said"')) },
  },
  {
    kind: 'stat',
    title: 'Turns waiting',
    about: 'Turns that no replica has been granted: members that are away or at their capacity.',
    unit: 'short',
    queries: { waiting: sum(ofRouter(router.turnsWaiting)) },
    warnAt: 1,
  },
  {
    kind: 'stat',
    title: 'Tokens',
    about: 'Input and output tokens that agents reported in the chosen time range.',
    unit: 'short',
    queries: { tokens: overRange(ofRouter(router.tokens)) },
  },
  {
    kind: 'stat',
    title: 'Refusals',
    about: 'Frames that the router refused in the chosen time range.',
    unit: 'short',
    queries: { refusals: overRange(ofRouter(router.refusals)) },
    warnAt: 1,
  },
];

const conversations: Panel[] = [
  {
    title: 'Conversations running',
    about: 'Conversations that have not ended, over time.',
    unit: 'short',
    queries: { running: sum(ofRouter(router.conversationsRunning)) },
  },
  {
    kind: 'bars',
    title: 'Conversations ended a minute, by reason',
    about: 'A limit (max-turns, max-duration) is a normal ending; failed and absent are not.',
    unit: 'short',
    queries: {
      '{{reason}}': aMinute(ofRouter(router.conversationsEnded), 'reason'),
    },
  },
  {
    kind: 'stacked',
    title: 'Turns a second, by outcome',
    about:
      'said: answered with a line. passed: given back. lapsed: deadline or replica gone, or the model failed.',
    unit: 'ops',
    queries: { '{{outcome}}': rate(ofRouter(router.turns), 'outcome') },
  },
];

const turnTime: Panel[] = [
  {
    kind: 'stacked',
    title: 'Where a turn spends its time (mean)',
    about:
      'wait: the member has the floor but no replica is granted the turn. model: granted, not yet answered.',
    unit: 's',
    queries: { wait: mean(router.turnWait, onRouter), model: mean(router.turnModel, onRouter) },
  },
  {
    title: 'Turn latency: wait',
    about: 'From a member having the floor to a replica being granted the turn. High: too few replicas.',
    unit: 's',
    queries: {
      p50: quantile(0.5, router.turnWait, onRouter),
      p95: quantile(0.95, router.turnWait, onRouter),
    },
  },
  {
    title: 'Turn latency: model',
    about: 'From a turn being granted to its answer. High: a slow model.',
    unit: 's',
    queries: {
      p50: quantile(0.5, router.turnModel, onRouter),
      p95: quantile(0.95, router.turnModel, onRouter),
    },
  },
  {
    title: 'Agents: turns being worked on',
    about: 'Turns under way in each agent process, and how many agents are registered.',
    unit: 'short',
    queries: {
      'working {{instance}}': sum(agent.turnsActive.name, 'instance'),
      registered: sum(agent.connected.name),
    },
  },
];

const models: Panel[] = [
  {
    title: 'Model latency, by model',
    about: 'One call of the model, from request to last chunk (OpenTelemetry GenAI conventions).',
    unit: 's',
    queries: {
      '{{gen_ai_request_model}} p50': quantile(0.5, agent.inferenceDuration, onModel, 'gen_ai_request_model'),
      '{{gen_ai_request_model}} p95': quantile(
        0.95,
        agent.inferenceDuration,
        onModel,
        'gen_ai_request_model',
      ),
    },
  },
  {
    title: 'Time to first chunk, by model',
    about: 'How long a reader waits until a streamed answer begins.',
    unit: 's',
    queries: {
      '{{gen_ai_request_model}} p50': quantile(0.5, agent.timeToFirstChunk, onModel, 'gen_ai_request_model'),
      '{{gen_ai_request_model}} p95': quantile(0.95, agent.timeToFirstChunk, onModel, 'gen_ai_request_model'),
    },
  },
  {
    kind: 'stacked',
    title: 'Tokens a second, by model',
    about:
      'As the model server counted them, or as the agent estimated where it did not. Failed calls count too.',
    unit: 'ops',
    queries: {
      '{{gen_ai_request_model}} in': rate(ofModel(agent.inputTokens), 'gen_ai_request_model'),
      '{{gen_ai_request_model}} out': rate(ofModel(agent.outputTokens), 'gen_ai_request_model'),
    },
  },
  {
    title: 'Model calls that fail',
    about: 'Share of the calls of each model that ended in an error.',
    unit: 'percentunit',
    queries: {
      '{{gen_ai_request_model}}': `(${calls(',error_type!=""')} or 0 * ${calls()}) / ${calls()}`,
    },
  },
  {
    kind: 'bars',
    title: 'Model calls made again a minute, by reason',
    about: 'Retries of the agent after a failed call: rate limits, timeouts, servers in trouble.',
    unit: 'short',
    queries: {
      '{{reason}}': aMinute(agent.modelRetries.name, 'reason'),
    },
  },
  {
    kind: 'stacked',
    title: 'Agents: turns a second, by outcome',
    about: 'How the agents themselves count what became of the turns they were granted.',
    unit: 'ops',
    queries: { '{{outcome}}': rate(agent.turns.name, 'outcome') },
  },
];

const wire: Panel[] = [
  {
    kind: 'stacked',
    title: 'Connections, by dialect',
    about: 'Open WebSocket connections.',
    unit: 'short',
    queries: { '{{dialect}}': sum(ofRouter(router.connections), 'dialect') },
  },
  {
    title: 'Frames and lines a second',
    about: 'Frames received, by dialect, and lines handed to the connections of agents.',
    unit: 'ops',
    queries: {
      'received {{dialect}}': rate(ofRouter(router.framesReceived), 'dialect'),
      delivered: rate(ofRouter(router.messagesDelivered)),
    },
  },
  {
    kind: 'bars',
    title: 'Refused frames a minute, by code',
    about: 'Codes are those of PROTOCOL.md §8.',
    unit: 'short',
    queries: { '{{code}}': aMinute(ofRouter(router.refusals), 'code') },
  },
  {
    kind: 'bars',
    title: 'Closed connections a minute, by code',
    about: 'Close codes are those of PROTOCOL.md §6; 1000 and 1001 are ordinary good-byes.',
    unit: 'short',
    queries: {
      '{{code}}': aMinute(ofRouter(router.disconnects), 'code'),
      'agent reconnects': aMinute(agent.reconnects.name),
    },
  },
];

const processes: Panel[] = [
  {
    title: 'Event-loop lag (p99)',
    about: 'How late timers fire in each process. Above 0.25 s a process has more work than one core can do.',
    unit: 's',
    queries: { '{{job}} {{instance}}': 'nodejs_eventloop_lag_p99_seconds{job=~"router|agent"}' },
  },
  {
    title: 'Ledger append',
    about: 'From entries being handed to the ledger to their commit.',
    unit: 's',
    queries: {
      p50: quantile(0.5, router.ledgerAppend, onRouter),
      p99: quantile(0.99, router.ledgerAppend, onRouter),
    },
  },
  {
    title: 'Ledger entries a second',
    about: 'Entries committed.',
    unit: 'ops',
    queries: { entries: rate(ofRouter(router.ledgerEntries)) },
  },
  {
    title: 'CPU',
    about: 'Cores used by each process.',
    unit: 'short',
    queries: {
      '{{job}} {{instance}}': 'rate(process_cpu_seconds_total{job=~"router|agent"}[$__rate_interval])',
    },
  },
  {
    title: 'Memory',
    about: 'Resident memory of each process.',
    unit: 'bytes',
    queries: { '{{job}} {{instance}}': 'process_resident_memory_bytes{job=~"router|agent"}' },
  },
  {
    kind: 'stacked',
    title: 'Versions',
    about: 'Processes by service and version: more than one version of a service means a roll-out under way.',
    unit: 'short',
    queries: { '{{service}} {{version}}': sum(router.buildInfo.name, 'service, version') },
  },
];

export const dashboard = dashboardOf({
  uid: 'parley',
  title: 'Parley',
  about: 'Conversations between LLM agents: what runs, where the time goes, what fails.',
  variables: {
    router: { label: 'Router', query: `label_values(${router.conversationsRunning.name}, instance)` },
    model: {
      label: 'Model',
      query: `label_values(${agent.inferenceDuration.name}_count, gen_ai_request_model)`,
    },
  },
  rows: {
    'At a glance': atAGlance,
    Conversations: conversations,
    'Where a turn spends its time': turnTime,
    'Models and agents': models,
    'Connections and faults': wire,
    Processes: processes,
  },
});

if (import.meta.main) process.stdout.write(`${JSON.stringify(dashboard, null, 2)}\n`);
