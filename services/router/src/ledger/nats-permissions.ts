import { ConfigError } from '@parley/runtime';
import { natsSettings } from './nats-settings.ts';

export interface NatsPermissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

/**
 * The permissions that a router needs in NATS, and nothing else. Of the streams of `others` they allow reading single messages,
 * and of any further stream nothing. They do not allow acknowledgements (the router does not need them), deleting streams, or
 * changing any stream except the bucket of marks.
 */
export const natsPermissions = (stream: string, others: readonly string[] = []): NatsPermissions => {
  const lease = `${stream}_lease`;
  // The buckets: delivery watermarks, and what several routers share (their leases, their claims on turns, their tables).
  const tables = ['routers', 'claims', 'pools', 'marks', 'presence', 'shares', 'requests'];
  const shared = tables.map((name) => `${stream}_${name}`);
  const followed = [stream, ...shared.map((bucket) => `KV_${bucket}`)];
  return {
    publish: [
      // Commits, and the lease of a router that uses the stream alone.
      `${stream}.c.*`,
      `$KV.${lease}.router`,
      ...shared.map((bucket) => `$KV.${bucket}.>`),
      // Messages to other routers.
      `${stream}.r.*.*`,
      '$JS.API.INFO',
      ...[`KV_${lease}`, ...followed].flatMap((one) => [
        `$JS.API.STREAM.INFO.${one}`,
        `$JS.API.STREAM.CREATE.${one}`,
        `$JS.API.STREAM.MSG.GET.${one}`,
      ]),
      // The only bucket that an earlier version made otherwise: it is changed, so that its keys can end by themselves.
      `$JS.API.STREAM.UPDATE.KV_${stream}_marks`,
      // Whether one of the other streams of the deployment has a conversation.
      ...others.map((other) => `$JS.API.STREAM.MSG.GET.${other}`),
      // Removal of conversations.
      `$JS.API.STREAM.PURGE.${stream}`,
      // The consumers by which the router reads the stream and the buckets: one each.
      ...followed.flatMap((one) => [
        `$JS.API.CONSUMER.CREATE.${one}.>`,
        `$JS.API.CONSUMER.INFO.${one}.*`,
        `$JS.API.CONSUMER.DELETE.${one}.*`,
        `$JS.API.CONSUMER.MSG.NEXT.${one}.*`,
      ]),
    ],
    subscribe: [`_INBOX_${stream}.>`, `${stream}.r.*.*`],
  };
};

const listed = (subjects: readonly string[], indent: string): string =>
  subjects.map((subject) => `${indent}"${subject}"`).join('\n');

/** `parley-router nats-permissions [STREAM]`: the user of the routers, as a part of the configuration of nats-server. */
export const permissionsCommand = (
  args: readonly string[],
  stream: string,
  streams: readonly string[] = [],
): string => {
  const [named = stream, ...rest] = args;
  const read = natsSettings.natsStream.read(named, (path) => path);
  if (rest.length > 0 || 'problem' in read)
    throw new ConfigError([
      'usage: parley-router nats-permissions [STREAM]; without STREAM that of ROUTER_NATS_STREAM',
    ]);
  const { publish, subscribe } = natsPermissions(
    named,
    streams.filter((one) => one !== named),
  );
  return `# The user of the routers, and of nothing else: agents, clients and consoles speak to the routers only.
# The server takes the password from its environment.
authorization {
  users: [
    {
      user: parley_router
      password: $PARLEY_NATS_PASSWORD
      permissions: {
        publish: [
${listed(publish, '          ')}
        ]
        subscribe: [
${listed(subscribe, '          ')}
        ]
      }
    }
  ]
}`;
};
