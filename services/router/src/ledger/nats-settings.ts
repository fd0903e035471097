import { choice, integer, path, secret, text, toggle } from '@parley/runtime';

/** Values of ROUTER_LEDGER that name servers of NATS. */
export const natsPattern = /^(?:nats|tls):\/\//;

/** The settings of a ledger in NATS JetStream. */
export const natsSettings = {
  natsStream: text('ROUTER_NATS_STREAM', {
    help: 'the stream that holds the ledger; it is created if it does not exist',
    fallback: 'PARLEY',
    pattern: /^[A-Za-z0-9_-]{1,32}$/,
    expected: 'letters, digits, _ and -, at most 32',
  }),
  natsStreams: text('ROUTER_NATS_STREAMS', {
    help: 'all streams among which conversations are divided, each with the address of its routers: A=https://a.example,B*2=https://b.example; *2 gives twice the new conversations, *0 none',
    fallback: undefined,
    pattern: /^[A-Za-z0-9_*-]{1,36}=https?:\/\/[^\s,]+(?:,\s*[A-Za-z0-9_*-]{1,36}=https?:\/\/[^\s,]+)*$/,
    expected: 'NAME=URL or NAME*WEIGHT=URL, separated by commas',
  }),
  natsProjection: path('ROUTER_NATS_PROJECTION', {
    help: 'file of the local copy of the stream, from which the router reads',
    fallback: 'data/projection.sqlite',
  }),
  natsReplicas: integer('ROUTER_NATS_REPLICAS', {
    help: 'how many servers keep the stream when the router creates it; default 3 in a cluster, 1 otherwise',
    fallback: undefined,
    min: 1,
    max: 5,
  }),
  natsRouters: choice('ROUTER_NATS_ROUTERS', {
    help: 'one: this router uses the stream alone, and another one waits until it stops; several: routers share the stream',
    fallback: 'one',
    of: ['one', 'several'],
  }),
  natsLeaseSeconds: integer('ROUTER_NATS_LEASE_SECONDS', {
    help: 'seconds after which a router that does not renew its lease counts as dead',
    fallback: 9,
    min: 3,
    max: 60,
  }),
  natsMonitor: text('ROUTER_NATS_MONITOR', {
    help: 'monitoring addresses of the servers, separated by commas: with them the router checks that each entry is synced to the disk',
    fallback: undefined,
    pattern: /^https?:\/\/[^/,\s]+\/?(?:,\s*https?:\/\/[^/,\s]+\/?)*$/,
    expected: 'addresses such as http://nats:8222, separated by commas',
  }),
  natsAcceptLoss: toggle('ROUTER_NATS_ACCEPT_LOSS', {
    help: 'use a stream that can lose entries; the log says which',
    fallback: false,
  }),
  natsCredentials: path('ROUTER_NATS_CREDENTIALS', {
    help: 'file with the credentials (JWT and seed) of the router',
    fallback: undefined,
  }),
  natsUser: text('ROUTER_NATS_USER', { help: 'user name of the router', fallback: undefined }),
  natsPassword: secret('ROUTER_NATS_PASSWORD', 'password of that user'),
  natsCa: path('ROUTER_NATS_CA', {
    help: 'file with the certificate authority of the servers (PEM)',
    fallback: undefined,
  }),
  natsCert: path('ROUTER_NATS_CERT', {
    help: 'file with the certificate of the router (PEM)',
    fallback: undefined,
  }),
  natsKey: path('ROUTER_NATS_KEY', {
    help: 'file with the key of that certificate (PEM)',
    fallback: undefined,
  }),
};
