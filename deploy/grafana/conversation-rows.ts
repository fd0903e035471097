import { agentMetrics as agent, routerMetrics as router } from '@parley/runtime';
import type { Panel } from './panels.ts';
import { aMinute, mean, ofRouter, onRouter, overRange, quantile, rate, sum } from './queries.ts';

export const atAGlance: Panel[] = [
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
    about:
      'Turns that have not been granted: members that are away or at their capacity, or a model at its rate.',
    unit: 'short',
    queries: { waiting: sum(ofRouter(router.turnsWaiting, ',reason=~"replica|absent|rate"')) },
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

export const conversations: Panel[] = [
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
      'said: answered with a message. passed: given back. lapsed: deadline or replica gone, or the model failed. moderator fallback: a message of a moderator that named no member.',
    unit: 'ops',
    queries: {
      '{{outcome}}': rate(ofRouter(router.turns), 'outcome'),
      'moderator fallback': rate(ofRouter(router.moderatorFallbacks)),
    },
  },
];

export const turnTime: Panel[] = [
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
