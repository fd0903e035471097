import { agentMetrics, routerMetrics } from '@parley/runtime';
import { atAGlance, conversations, turnTime } from './conversation-rows.ts';
import { health } from './health-rows.ts';
import { models } from './model-row.ts';
import { operating } from './operator-rows.ts';
import { dashboardOf } from './panels.ts';
import { processes, wire } from './process-rows.ts';

export const dashboard = dashboardOf({
  uid: 'parley',
  title: 'Parley',
  about: 'Conversations between LLM agents: what runs, where the time goes, what fails.',
  variables: {
    router: { label: 'Router', query: `label_values(${routerMetrics.conversationsRunning.name}, instance)` },
    model: {
      label: 'Model',
      query: `label_values(${agentMetrics.inferenceDuration.name}_count, gen_ai_request_model)`,
    },
  },
  rows: {
    'At a glance': atAGlance,
    Conversations: conversations,
    'Health of conversations': health,
    'Where a turn spends its time': turnTime,
    'Models and agents': models,
    'Who is waited for, and what is used up': operating,
    'Connections and faults': wire,
    Processes: processes,
  },
});

if (import.meta.main) process.stdout.write(`${JSON.stringify(dashboard, null, 2)}\n`);
