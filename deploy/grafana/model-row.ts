import { agentMetrics as agent } from '@parley/runtime';
import type { Panel } from './panels.ts';
import { aMinute, calls, ofModel, onModel, quantile, rate, sum } from './queries.ts';

export const models: Panel[] = [
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
    title: 'Turns under way, by agent',
    about: 'Turns that each agent works on; replicas of one name are added up.',
    unit: 'short',
    queries: {
      '{{agent}}': sum(agent.turnsActive.name, 'agent'),
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
