/**
 * Every metric that Parley's processes expose: the one place where names, labels and buckets are chosen.
 * A definition is the configuration of the prom-client metric of the same kind, for example
 * `new Counter({ ...routerMetrics.turns, registers: [registry] })`.
 *
 * A label value always comes from a closed set or from the operator's settings. The name, id or text of a
 * conversation is never a label, and no agent name is one on the router: the number of series would have no bound. An agent process
 * knows its agents from its settings, and its series name them.
 */
export interface MetricDefinition<Label extends string = string> {
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly Label[];
  /** The buckets of a histogram, in the unit of its name. */
  readonly buckets?: number[];
}

const counter = <const L extends string = never>(name: string, help: string, labelNames: readonly L[] = []) =>
  ({ kind: 'counter', name, help, labelNames }) as const satisfies MetricDefinition<L>;

const gauge = <const L extends string = never>(name: string, help: string, labelNames: readonly L[] = []) =>
  ({ kind: 'gauge', name, help, labelNames }) as const satisfies MetricDefinition<L>;

const histogram = <const L extends string = never>(
  name: string,
  help: string,
  buckets: number[],
  labelNames: readonly L[] = [],
) => ({ kind: 'histogram', name, help, labelNames, buckets }) as const satisfies MetricDefinition<L>;

/** Seconds, 0.01 · 2^n: the buckets of the GenAI conventions and one more for slow local models. */
const modelSeconds = Array.from({ length: 15 }, (_, n) => Number((0.01 * 2 ** n).toFixed(2)));
const waitSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];
/** A share, 0 to 1. */
const shares = [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1];
const diskSeconds = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1];

/** Which release runs; always 1. Both services expose it. */
export const buildInfo = gauge(
  'parley_build_info',
  'Always 1; the labels say which service, version and revision runs.',
  ['service', 'version', 'revision'],
);

const spansHelp = 'Spans of traces, by outcome; all are 0 while traces are off.';

export const routerMetrics = {
  buildInfo,
  conversationsRunning: gauge('parley_conversations_running', 'Conversations that have not ended.'),
  conversationsEnded: counter(
    'parley_conversations_ended_total',
    'Conversations that ended, by ending and its group.',
    ['reason', 'group'],
  ),
  unanswered: counter(
    'parley_members_unanswered_total',
    'Members who were asked for an answer and had given none when their conversation ended.',
  ),
  velocityPauses: counter(
    'parley_velocity_pauses_total',
    'Conversations that were paused because they spent more in a minute than their limits allow.',
  ),
  messagesMeasured: counter(
    'parley_health_messages_total',
    'Messages by whether they were measured; beyond a bound of characters a second they are skipped.',
    ['outcome'],
  ),
  farewells: counter(
    'parley_health_farewells_total',
    'Measured messages that do little more than say goodbye.',
  ),
  novelty: histogram(
    'parley_health_novelty_ratio',
    'Share of a measured message that stands in none of the eight before it.',
    shares,
  ),
  selfOverlap: histogram(
    'parley_health_self_overlap_ratio',
    'Share of a measured message that the same member said in its messages before.',
    shares,
  ),
  echo: histogram(
    'parley_health_echo_ratio',
    'Share of a measured message that stands in the last message of another member.',
    shares,
  ),
  talkShare: histogram(
    'parley_health_talk_share_ratio',
    'Largest share of the characters of an ended conversation that one member said.',
    shares,
  ),
  turns: counter('parley_turns_total', 'Granted turns that came to an end: said, passed or lapsed.', [
    'outcome',
  ]),
  lapses: counter('parley_lapses_total', 'Granted turns that came back without an answer, by cause.', [
    'cause',
  ]),
  moderatorFallbacks: counter(
    'parley_moderator_fallbacks_total',
    'Messages of a moderator that named no member, so that the member that was silent longest was next.',
  ),
  turnWait: histogram(
    'parley_turn_wait_seconds',
    'From a member having the floor to a replica being granted the turn.',
    waitSeconds,
  ),
  turnModel: histogram(
    'parley_turn_model_seconds',
    'From a turn being granted to its answer: the model, and the way there and back.',
    modelSeconds,
  ),
  turnsWaiting: gauge(
    'parley_turns_waiting',
    'Turns on the floor that have not been granted yet, by what they wait for.',
    ['reason'],
  ),
  turnsWaitingOldest: gauge(
    'parley_turns_waiting_oldest_seconds',
    'How long the oldest of these turns has waited, by what it waits for; 0 when none waits.',
    ['reason'],
  ),
  membersAbsent: gauge(
    'parley_members_absent',
    'Members who have the floor of a conversation and of whom no replica is connected.',
  ),
  agentsConnected: gauge('parley_agents_connected', 'Agents with at least one registered connection.'),
  connections: gauge('parley_connections', 'Open connections, by dialect.', ['dialect']),
  refusals: counter('parley_refusals_total', 'Frames that were refused, by code.', ['code']),
  rejections: counter(
    'parley_rejections_total',
    'Connections and requests that were refused, and peers that were slowed down, by reason.',
    ['reason'],
  ),
  disconnects: counter('parley_disconnects_total', 'Connections that ended, by close code.', ['code']),
  tokens: counter('parley_tokens_total', 'Tokens that agents reported with their answers, by direction.', [
    'direction',
  ]),
  cost: counter(
    'parley_cost_dollars_total',
    'Dollars that answers cost by the price table, by model; "other" beyond the first fifty models.',
    ['model'],
  ),
  poolLimit: gauge(
    'parley_pool_limit',
    'What the rule of a pool allows: calls and tokens a minute, and calls at once.',
    ['pool', 'unit'],
  ),
  poolUsed: gauge('parley_pool_used', 'What is used of it: in the last minute, and at the moment.', [
    'pool',
    'unit',
  ]),
  poolShare: gauge(
    'parley_pool_share',
    'What this router may use of it: its share where several routers share the pool, else all.',
    ['pool', 'unit'],
  ),
  poolWaiting: gauge('parley_pool_waiting', 'Turns that wait for a call of the pool.', ['pool']),
  ledgerBytes: gauge('parley_ledger_bytes', 'Size of the ledger, without pages that can be reused.'),
  ledgerFree: gauge('parley_ledger_free_bytes', 'Free space on the disk of the ledger.'),
  ledgerAppend: histogram(
    'parley_ledger_append_seconds',
    'From entries being handed to the ledger to their commit.',
    diskSeconds,
  ),
  ledgerEntries: counter('parley_ledger_entries_total', 'Entries committed to the ledger.'),
  ledgerFailures: counter(
    'parley_ledger_failures_total',
    'Times the ledger could not be written, or was found damaged.',
  ),
  faults: counter(
    'parley_faults_total',
    'Unexpected errors that were caught and did not end the process, by place.',
    ['place'],
  ),
  framesReceived: counter('parley_frames_received_total', 'Frames received, by dialect.', ['dialect']),
  messagesDelivered: counter('parley_messages_delivered_total', 'Messages sent to plain clients.'),
  messagesWaiting: gauge('parley_messages_waiting', 'Messages that wait for plain clients that are away.'),
  messagesExpired: counter(
    'parley_messages_expired_total',
    'Messages to plain clients that will not be delivered: too old, or removed with their conversation.',
  ),
  breakersOpen: gauge(
    'parley_breakers_open',
    'Replicas that are granted nothing, or one turn as a trial, because they keep failing.',
  ),
  spans: counter('parley_spans_total', spansHelp, ['outcome']),
} as const;

/** Labels of the token counters; the modality is `text` here and is required by the conventions. */
const tokens = [
  'agent',
  'gen_ai_operation_name',
  'gen_ai_provider_name',
  'gen_ai_request_model',
  'gen_ai_token_modality',
] as const;
const inference = ['agent', 'gen_ai_operation_name', 'gen_ai_provider_name', 'gen_ai_request_model'] as const;

/** The `gen_ai_*` names are OpenTelemetry's GenAI client conventions (Development) in Prometheus spelling. */
export const agentMetrics = {
  buildInfo,
  agentInfo: gauge('parley_agent_info', 'Always 1; the label says which agents this process has.', ['agent']),
  inferenceDuration: histogram(
    'gen_ai_client_inference_duration_seconds',
    'One call of the model, from request to last chunk; error_type is set when it failed.',
    modelSeconds,
    [...inference, 'error_type'],
  ),
  timeToFirstChunk: histogram(
    'gen_ai_client_inference_time_to_first_chunk_seconds',
    'From a streamed request to the first chunk of its answer.',
    modelSeconds,
    inference,
  ),
  inputTokens: counter(
    'gen_ai_client_inference_usage_input_tokens_total',
    'Input tokens used by calls of the model.',
    tokens,
  ),
  outputTokens: counter(
    'gen_ai_client_inference_usage_output_tokens_total',
    'Output tokens used by calls of the model.',
    tokens,
  ),
  turns: counter('parley_agent_turns_total', 'Turns that an agent answered, by outcome.', [
    'agent',
    'outcome',
  ]),
  faults: counter(
    'parley_agent_faults_total',
    'Unexpected errors that were caught and did not end the process, by place; those of the process name no agent.',
    ['agent', 'place'],
  ),
  repliesCut: counter(
    'parley_agent_replies_cut_total',
    'Replies of the model that were cut off at their limit of tokens or by the deadline.',
    ['agent'],
  ),
  modelRetries: counter('parley_agent_model_retries_total', 'Calls of the model made again, by reason.', [
    'agent',
    'reason',
  ]),
  reconnects: counter('parley_agent_reconnects_total', 'Times the router was reached again after a loss.', [
    'agent',
  ]),
  connected: gauge('parley_agent_connected', '1 while registered with the router, else 0.', ['agent']),
  turnsActive: gauge('parley_agent_turns_active', 'Turns being worked on.', ['agent']),
  spans: counter('parley_agent_spans_total', spansHelp, ['outcome']),
} as const;
