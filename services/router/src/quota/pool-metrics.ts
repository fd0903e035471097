import { routerMetrics } from '@parley/runtime';
import { Gauge, type Registry } from 'prom-client';
import type { PoolUsage } from './pools.ts';

/** Pools are named in the settings of the operator, so each is a label. */
export const exposePools = (registers: Registry[], pools: () => Iterable<PoolUsage>): void => {
  const limit = new Gauge({ ...routerMetrics.poolLimit, registers });
  const used = new Gauge({ ...routerMetrics.poolUsed, registers });
  const waiting = new Gauge({ ...routerMetrics.poolWaiting, registers });
  const collect = (gauge: Gauge<string>, read: (usage: PoolUsage) => [Record<string, string>, number][]) => {
    Object.assign(gauge, {
      collect: () => {
        for (const usage of pools()) for (const [labels, value] of read(usage)) gauge.set(labels, value);
      },
    });
  };
  const units = ['calls', 'tokens', 'at-once'] as const;
  collect(limit, ({ pool, limits }) =>
    units.flatMap((unit) => (limits[unit] > 0 ? [[{ pool, unit }, limits[unit]]] : [])),
  );
  collect(used, ({ pool, limits, used: amounts }) =>
    units.flatMap((unit) => (limits[unit] > 0 ? [[{ pool, unit }, amounts[unit]]] : [])),
  );
  collect(waiting, ({ pool, waiting: count }) => [[{ pool }, count]]);
};
