import { agentMetrics as agent, routerMetrics as router } from '@parley/runtime';
import type { Panel } from './panels.ts';
import { aMinute, mean, ofRouter, onRouter, overRange, quantile, sum } from './queries.ts';

/** Whether the conversations go anywhere, and how fast they spend. */
export const health: Panel[] = [
  {
    title: 'Novelty, self-overlap and echo (mean)',
    about:
      'Shares of a message: what no earlier message holds, what the same member said before, and what the last message of another member holds. Low novelty: conversations go in circles.',
    unit: 'percentunit',
    queries: {
      novelty: mean(router.novelty, onRouter),
      'self-overlap': mean(router.selfOverlap, onRouter),
      echo: mean(router.echo, onRouter),
    },
  },
  {
    title: 'Goodbyes and measured messages a minute',
    about:
      'Messages that do little more than say goodbye, and how many messages were measured or skipped. Many goodbyes: conversations find no end.',
    unit: 'short',
    queries: {
      goodbyes: aMinute(ofRouter(router.farewells)),
      '{{outcome}}': aMinute(ofRouter(router.messagesMeasured), 'outcome'),
    },
  },
  {
    title: 'Talk share of the member that spoke most',
    about: 'Of conversations that ended: the largest share of the characters that one member said.',
    unit: 'percentunit',
    queries: {
      p50: quantile(0.5, router.talkShare, onRouter),
      p95: quantile(0.95, router.talkShare, onRouter),
    },
  },
  {
    kind: 'bars',
    title: 'Lapsed turns a minute, by cause, and replies that were cut off',
    about:
      'Turns that came back without an answer, and replies that reached their limit of tokens or the deadline.',
    unit: 'short',
    queries: {
      '{{cause}}': aMinute(ofRouter(router.lapses), 'cause'),
      'cut off': aMinute(agent.repliesCut.name),
    },
  },
  {
    kind: 'bars',
    title: 'Endings in the chosen time range, by group',
    about:
      'settled: they came to their end. bounded: a limit ended them. stopped: an operator or a leaver did. failed: they could not go on.',
    unit: 'short',
    queries: {
      '{{group}}': sum(`increase(${ofRouter(router.conversationsEnded)}[$__range])`, 'group'),
      'members who never answered': overRange(ofRouter(router.unanswered)),
    },
  },
  {
    title: 'Tokens a minute, and conversations paused for their velocity',
    about:
      'Input and output tokens a minute, and conversations that passed maxTokensPerMinute or maxCostPerMinute.',
    unit: 'short',
    queries: {
      'tokens a minute': aMinute(ofRouter(router.tokens)),
      'paused in the range': overRange(ofRouter(router.velocityPauses)),
    },
  },
];
