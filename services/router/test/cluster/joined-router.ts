import { onTestFinished } from 'vitest';
import type { NatsServer } from '../../../../tests/harness/nats-servers.ts';
import type { ClaimChange, RouterChange } from '../../src/cluster/cluster.ts';
import { NatsCluster } from '../../src/cluster/nats/nats-cluster.ts';
import { type JetStreamOptions, openJetStreamLedger } from '../../src/ledger/jetstream/open-jetstream.ts';
import type { StreamEngine } from '../../src/ledger/jetstream/stream-access.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { shut } from '../ledger/ledger-contract.ts';

export interface JoinedRouter {
  readonly cluster: NatsCluster;
  readonly ledger: Ledger;
  readonly engine: StreamEngine;
  /** What it was told of others, in order. */
  readonly changes: RouterChange[];
  readonly claims: ClaimChange[];
  leave(): Promise<void>;
}

/** Opens the ledger of one of several routers on a stream. It leaves when the test is over. */
export const joinRouter = async (
  options: JetStreamOptions,
  name: string,
  leaseMs = 60_000,
): Promise<JoinedRouter> => {
  let cluster: NatsCluster | undefined;
  let known: StreamEngine | undefined;
  const ledger = await openJetStreamLedger({
    ...options,
    name,
    projection: `${options.projection}.${name}`,
    join: async (engine) => {
      known = engine;
      cluster = await NatsCluster.join({ engine, name, leaseMs, wall: () => 1_000 });
      return cluster;
    },
  });
  if (!cluster || !known) throw new Error('the router has not joined');
  const changes: RouterChange[] = [];
  const claims: ClaimChange[] = [];
  cluster.follow((change) => changes.push(change));
  cluster.claims.follow((change) => claims.push(change));
  let left: Promise<void> | undefined;
  const leave = () => {
    left ??= shut(ledger);
    return left;
  };
  onTestFinished(leave);
  return { cluster, ledger, engine: known, changes, claims, leave };
};

/** For a test that starts servers. */
export const removedAtTheEnd = (server: NatsServer): NatsServer => {
  onTestFinished(() => server.remove());
  return server;
};
