import { routerMetrics as router } from '@parley/runtime';
import type { Panel } from './panels.ts';
import { aMinute, ofRouter, onRouter, sum } from './queries.ts';

/** What an operator acts on: waiting turns, used limits, and cost. */
export const operating: Panel[] = [
  {
    title: 'Oldest waiting turn, by what it waits for',
    about:
      'absent: no replica of the member is connected. replica: all are at their capacity. rate: the pool is used up.',
    unit: 's',
    queries: {
      '{{reason}}': `max by (reason) (${ofRouter(router.turnsWaitingOldest)})`,
    },
  },
  {
    title: 'Members who are absent',
    about: 'Members who have the floor of a conversation and of whom no replica is connected.',
    unit: 'short',
    queries: { absent: sum(ofRouter(router.membersAbsent)) },
  },
  {
    kind: 'stacked',
    title: 'Dollars a minute, by model',
    about: 'What answers cost, by the price table of the router (ROUTER_PRICES).',
    unit: 'currencyUSD',
    queries: { '{{model}}': aMinute(ofRouter(router.cost), 'model') },
  },
  {
    title: 'Pools: share that is used',
    about: 'Of calls and tokens a minute, and of calls at once, that ROUTER_POOLS allows.',
    unit: 'percentunit',
    queries: {
      '{{pool}} {{unit}}': `sum by (pool, unit) (${ofRouter(router.poolUsed)}) / max by (pool, unit) (${ofRouter(router.poolLimit)})`,
      '{{pool}} {{unit}} held by {{instance}}': `max by (pool, unit, instance) (${ofRouter(router.poolShare)} / ${ofRouter(router.poolLimit)})`,
    },
  },
  {
    title: 'Pools: turns that wait',
    about: 'Turns that wait for a call of the pool.',
    unit: 'short',
    queries: { '{{pool}}': sum(ofRouter(router.poolWaiting), 'pool') },
  },
  {
    title: 'Ledger and its disk',
    about: 'Size of the ledger, and the free space of its disk.',
    unit: 'bytes',
    queries: {
      ledger: sum(ofRouter(router.ledgerBytes)),
      free: `min(${router.ledgerFree.name}{${onRouter}})`,
    },
  },
];
