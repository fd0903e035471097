import { agentMetrics as agent, routerMetrics as router } from '@parley/runtime';
import type { Panel } from './panels.ts';
import { aMinute, ofRouter, onRouter, quantile, rate, sum } from './queries.ts';

export const wire: Panel[] = [
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
  {
    title: 'Lines for plain clients who are away',
    about: 'Lines that wait until their reader registers again, and lines a minute that waited too long.',
    unit: 'short',
    queries: {
      waiting: sum(ofRouter(router.messagesWaiting)),
      'expired a minute': aMinute(ofRouter(router.messagesExpired)),
    },
  },
  {
    title: 'Held back and failed',
    about:
      'Replicas that are granted nothing because they keep failing, failures of the ledger, and unexpected errors that were caught.',
    unit: 'short',
    queries: {
      'replicas held back': sum(ofRouter(router.breakersOpen)),
      'ledger failures a minute': aMinute(ofRouter(router.ledgerFailures)),
      'unexpected errors a minute': aMinute(ofRouter(router.faults)),
      'unexpected errors of agents a minute': aMinute(agent.faults.name),
    },
  },
  {
    kind: 'bars',
    title: 'Refused connections and requests a minute, by reason',
    about: 'Peers that were turned away, and peers that were slowed down. The log names their addresses.',
    unit: 'short',
    queries: {
      '{{reason}}': aMinute(ofRouter(router.rejections), 'reason'),
    },
  },
];

export const processes: Panel[] = [
  {
    title: 'Event-loop lag (p99)',
    about: 'How late timers fire in each process. Above 0.25 s a process has more work than one core can do.',
    unit: 's',
    queries: { '{{job}} {{instance}}': 'nodejs_eventloop_lag_p99_seconds{job=~"router|agent"} - 0.2' },
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
    title: 'Spans of traces a minute, by outcome',
    about:
      'Spans that were sent to the collector, and that were lost: its queue was full, or it did not take them.',
    unit: 'short',
    queries: {
      'router {{outcome}}': aMinute(ofRouter(router.spans), 'outcome'),
      'agents {{outcome}}': aMinute(agent.spans.name, 'outcome'),
    },
  },
  {
    kind: 'stacked',
    title: 'Versions',
    about: 'Processes by service and version: more than one version of a service means a roll-out under way.',
    unit: 'short',
    queries: { '{{service}} {{version}}': sum(router.buildInfo.name, 'service, version') },
  },
];
