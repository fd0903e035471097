import { randomUUID } from 'node:crypto';
import { type JsMsg, jetstream, jetstreamManager, type StoredMsg } from '@nats-io/jetstream';
import type { MsgHdrs } from '@nats-io/transport-node';
import { ConfigError } from '@parley/runtime';
import { LedgerDamage } from '../damage.ts';
import type { Ledger, OnForeign } from '../ledger.ts';
import { Appender } from './appender.ts';
import { decodeCommit, type OwnCommits, type StoredCommit } from './commit-codec.ts';
import { checkContinuation } from './continuation.ts';
import { afterElection } from './electing.ts';
import { jetStreamLedger, tellForeign } from './jetstream.ts';
import { syncRule } from './monitor.ts';
import { type NatsAccess, type NatsLink, openNatsLink } from './nats-link.ts';
import { openProjection, type Projection } from './projection.ts';
import { Publisher } from './publisher.ts';
import { forgetRemovedMeanwhile } from './removed-meanwhile.ts';
import { checkNoRouters, type LeaseOptions, RouterLease, waitForNoLease } from './router-lease.ts';
import { catchUp, lastKept } from './stream/catch-up.ts';
import { versionFault } from './stream/stream-check.ts';
import { type FollowerOptions, StreamFollower } from './stream/stream-follower.ts';
import { StreamMarks } from './stream/stream-marks.ts';
import { ifStreamExists, openStream } from './stream/stream-open.ts';
import { untilStreamTakesMessages } from './stream/stream-probe.ts';
import { StreamPurger } from './stream/stream-purger.ts';
import { StreamWatch } from './stream/stream-watch.ts';
import type { StreamAccess, StreamEngine } from './stream-access.ts';
import { subjectOf } from './subjects.ts';

export interface JetStreamOptions {
  readonly access: NatsAccess;
  readonly stream: string;
  /** Number of replicas when the stream is created; undefined: three in a cluster, one otherwise. */
  readonly replicas?: number | undefined;
  /** Monitoring addresses of the servers, separated by commas. */
  readonly monitor?: string | undefined;
  readonly acceptsLoss: boolean;
  /** The file of the local copy. */
  readonly projection: string;
  /** The name of this router, for the operators of NATS. */
  readonly name: string;
  readonly onEvent: (event: LedgerEvent) => void;
  readonly onFailure: (error: unknown) => void;
  readonly lease?: Pick<LeaseOptions, 'leaseMs' | 'patienceMs'>;
  /** Joins the other routers of the stream. Missing: this router uses the stream alone. */
  readonly join?: ((engine: StreamEngine) => Promise<StreamAccess>) | undefined;
}

export type LedgerEvent =
  | { readonly type: 'risk'; readonly risk: string }
  | { readonly type: 'waiting'; readonly holder: string }
  | { readonly type: 'reading'; readonly sequence: number; readonly of: number }
  | { readonly type: 'link'; readonly isConnected: boolean };

const progressMs = 5_000;

const decoded = (stream: string, message: JsMsg | StoredMsg, own?: OwnCommits): StoredCommit => {
  try {
    return decodeCommit(
      stream,
      {
        subject: message.subject,
        sequence: message.seq,
        data: message.data,
        header: (name) => {
          const { headers, header } = message as { headers?: MsgHdrs; header?: MsgHdrs };
          return (headers ?? header)?.get(name) ?? '';
        },
      },
      own,
    );
  } catch (error) {
    throw new LedgerDamage(`the stream ${stream}`, [(error as Error).message], error);
  }
};

/** Copies the stream into the local copy. Resolves when the copy holds all messages up to `last` that were not removed. */
const followed = async (
  parts: Omit<FollowerOptions, 'after' | 'take'> & {
    readonly projection: Projection;
    readonly last: number;
    readonly own: OwnCommits;
    readonly onCommits: (commits: readonly StoredCommit[]) => void;
    readonly onEvent: (event: LedgerEvent) => void;
  },
): Promise<StreamFollower> => {
  const { projection, last, own, manager, stream, onFailure, onCommits, onEvent } = parts;
  const { promise: broken, reject } = Promise.withResolvers<never>();
  let isReady = false;
  const follower = new StreamFollower({
    ...parts,
    after: projection.sequence,
    take: (messages) => {
      const commits = messages.map((message) => decoded(stream, message, own));
      projection.apply(commits);
      onCommits(commits);
    },
    onFailure: (error) => {
      // The router cannot start with a damaged stream: the operator has to act.
      if (error instanceof LedgerDamage && !isReady) reject(error);
      else onFailure(error);
    },
  });
  follower.start();
  const progress = setInterval(
    () => onEvent({ type: 'reading', sequence: follower.last, of: last }),
    progressMs,
  );
  try {
    await Promise.race([catchUp({ manager, stream, follower }, last), broken]);
    isReady = true;
    return follower;
  } catch (error) {
    await follower.stop();
    throw error;
  } finally {
    clearInterval(progress);
  }
};

/** Takes over watermarks that are newer than those of the local copy, which may be empty. */
const restoreMarks = (local: Ledger, kept: ReadonlyMap<string, number>): void => {
  const known = local.marks();
  const newer = [...kept].filter(([name, at]) => at > (known.get(name) ?? 0));
  if (newer.length > 0) local.mark(new Map(newer));
};

const open = async (link: NatsLink, options: JetStreamOptions): Promise<Ledger> => {
  const { stream, onEvent, onFailure } = options;
  const { info } = link.connection;
  const fault = versionFault(info?.version ?? '');
  if (fault !== undefined) throw new ConfigError([`ROUTER_LEDGER: ${fault}`]);
  const manager = await jetstreamManager(link.connection, { checkAPI: false });
  const check = {
    stream,
    replicas: options.replicas ?? (info?.cluster === undefined ? 1 : 3),
    sync: await syncRule(options.monitor),
    acceptsLoss: options.acceptsLoss,
    onRisk: (risk: string) => onEvent({ type: 'risk', risk }),
  };
  const { replicas } = await openStream(manager, check);
  const writer = `${options.name.replaceAll(/[^A-Za-z0-9_-]/g, '-')}-${randomUUID().slice(0, 13)}`;
  const { join } = options;
  const leaseOptions: LeaseOptions = {
    ...{ link, stream, replicas, owner: writer, name: options.name, ...options.lease },
    onWaiting: (holder) => onEvent({ type: 'waiting', holder }),
  };
  const lease = join ? await waitForNoLease(leaseOptions) : await RouterLease.take(leaseOptions);
  let access: StreamAccess | undefined = lease;
  let projection: Projection | undefined;
  try {
    if (lease) await checkNoRouters(manager, stream);
    // The earlier router may have written while this one waited.
    const { incarnation, lastSequence } = await openStream(manager, { ...check, onRisk: () => {} });
    await untilStreamTakesMessages(link, stream);
    projection = openProjection(options.projection, { stream, incarnation });
    await checkContinuation(projection, options.projection, {
      ...{ stream, lastSequence },
      entriesAt: async (seq) => {
        const message = await manager.streams.getMessage(stream, { seq });
        return message ? decoded(stream, message).entries : undefined;
      },
    });
    const marks = await StreamMarks.open({ link, stream, incarnation, replicas, onFailure });
    restoreMarks(projection.ledger, marks.all());
    const client = jetstream(link.connection);
    const foreign = new Set<OnForeign>();
    const own: OwnCommits = new Map();
    const before = projection.sequence;
    const last = await lastKept(manager, stream);
    const follower = await followed({
      ...{ link, client, manager, stream, projection, last, onFailure, onEvent, own },
      consumer: writer,
      onCommits: (commits) => tellForeign(commits, writer, foreign),
    });
    await forgetRemovedMeanwhile({ manager, stream, projection, before });
    const caughtUp = async () => {
      const { state } = await manager.streams.info(stream);
      if (follower.last >= state.last_seq) return;
      await catchUp({ manager, stream, follower }, await lastKept(manager, stream));
    };
    access ??= await join?.({
      ...{ link, client, manager, stream, replicas, writer, onFailure, caughtUp },
    });
    const appender = new Appender(link, new Publisher(link, stream));
    const purger = new StreamPurger({ link, manager, stream, projection, onFailure });
    purger.start();
    link.onChange(() => {
      if (!link.isClosed) onEvent({ type: 'link', isConnected: link.isConnected });
    });
    const watch = new StreamWatch({ link, manager, stream, incarnation, follower });
    const holds = async (name: string, conversation: string) => {
      // The client of NATS would keep the request for some seconds.
      if (!link.isConnected) throw new Error('the connection to NATS is lost');
      const last = { last_by_subj: subjectOf(name, conversation) };
      // A stream that is not made before its first router starts has no conversation.
      const found = await ifStreamExists(manager.streams.getMessage(name, last));
      return (found ?? null) !== null;
    };
    const taken = (sequence: number) => catchUp({ manager, stream, follower }, sequence);
    return jetStreamLedger({
      ...{
        stream,
        writer,
        link,
        projection,
        follower,
        taken,
        holds,
        appender,
        purger,
        watch,
        marks,
        foreign,
        own,
      },
      access: access as StreamAccess,
      caughtUp: join && caughtUp,
    });
  } catch (error) {
    projection?.ledger.close();
    await access?.release();
    throw error;
  }
};

/** Opens the ledger in a stream of NATS. Rejects with a ConfigError that says what the operator has to change. */
export const openJetStreamLedger = async (options: JetStreamOptions): Promise<Ledger> => {
  const { access, name, stream } = options;
  const link = await openNatsLink(access, `parley router ${name}`, `_INBOX_${stream}`);
  try {
    return await afterElection(
      () => open(link, options),
      () => link.connection.info?.cluster !== undefined,
    );
  } catch (error) {
    await link.close();
    if (error instanceof ConfigError || error instanceof LedgerDamage) throw error;
    throw new ConfigError([
      `ROUTER_LEDGER: the stream ${stream} cannot be used: ${(error as Error).message}`,
    ]);
  }
};
