import { routerMetrics } from '@parley/runtime';
import { Gauge, type Registry } from 'prom-client';
import { units } from './amounts.ts';
import type { PoolUsage } from './pools.ts';

/** Pools are named in the settings of the operator, so each is a label. */
export const exposePools = (registers: Registry[], pools: () => Iterable<PoolUsage>): void => {
  const limit = new Gauge({ ...routerMetrics.poolLimit, registers });
  const used = new Gauge({ ...routerMetrics.poolUsed, registers });
  const share = new Gauge({ ...routerMetrics.poolShare, registers });
  const waiting = new Gauge({ ...routerMetrics.poolWaiting, registers });
  const collect = (gauge: Gauge<string>, read: (usage: PoolUsage) => [Record<string, string>, number][]) => {
    Object.assign(gauge, {
      collect: () => {
        for (const usage of pools()) for (const [labels, value] of read(usage)) gauge.set(labels, value);
      },
    });
  };
  collect(limit, ({ pool, limits }) =>
    units.flatMap((unit) => (limits[unit] > 0 ? [[{ pool, unit }, limits[unit]]] : [])),
  );
  collect(used, ({ pool, limits, used: amounts }) =>
    units.flatMap((unit) => (limits[unit] > 0 ? [[{ pool, unit }, amounts[unit]]] : [])),
  );
  collect(share, ({ pool, limits, share: amounts }) =>
    // A router alone may use all of it.
    units.flatMap((unit) => (limits[unit] > 0 ? [[{ pool, unit }, (amounts ?? limits)[unit]]] : [])),
  );
  collect(waiting, ({ pool, waiting: count }) => [[{ pool }, count]]);
};
