import { hostname } from 'node:os';
import type { StreamAccess, StreamEngine } from '../ledger/jetstream/stream-access.ts';
import type { LedgerConfig } from '../ledger/open-ledger.ts';
import type { Cluster } from './cluster.ts';

/** Makes this router a member of the cluster when the ledger is opened. */
export class ClusterJoin {
  /** Undefined until the ledger is open, and where this router has its ledger alone. */
  cluster: Cluster | undefined;
  /** For `openLedger`. Undefined where this router has its ledger alone. */
  readonly join: ((engine: StreamEngine) => Promise<StreamAccess>) | undefined;

  constructor({ natsRouters, natsLeaseSeconds }: LedgerConfig, wall: () => number) {
    if (natsRouters === 'one') return;
    this.join = async (engine) => {
      // Nothing of NATS is loaded where it is not used.
      const { NatsCluster } = await import('./nats/nats-cluster.ts');
      const leaseMs = natsLeaseSeconds * 1_000;
      const cluster = await NatsCluster.join({ engine, name: hostname(), leaseMs, wall });
      this.cluster = cluster;
      return cluster;
    };
  }
}
