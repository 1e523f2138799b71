/** One bound of the gateway's; the end of its name says the unit: `Bytes`, `Ms`, else a count. */
export interface LimitRule {
  readonly default: number;
  readonly about: string;
  /** Smallest value that makes sense. Default 1. */
  readonly least?: number;
}

const KIBIBYTE = 1_024;
const MEBIBYTE = 1_024 * KIBIBYTE;
const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** Every bound towards clients, each with what happens without a word in the configuration. */
export const GATEWAY_LIMITS = {
  messageBytes: { default: 4 * MEBIBYTE, about: 'longest message of a client' },
  messageWaitMs: {
    default: 30 * SECOND_MS,
    about: 'longest time that a message may take to come in over HTTP',
  },
  requestsPerCaller: {
    default: 256,
    about: 'requests of one caller that are served at the same time; streams of changes do not count',
  },
  decisionWaitMs: {
    default: 10 * SECOND_MS,
    about: 'longest wait for one answer of the decision point, after which the call is denied',
  },
  definitionsTtlMs: {
    default: 5 * SECOND_MS,
    least: 0,
    about: 'oldest list of definitions that a call is held against; 0 asks before each call',
  },
  answerWaitMs: {
    default: 10 * MINUTE_MS,
    about: "longest time that a client, perhaps a person, may take to answer a server's question",
  },
  rounds: { default: 16, about: 'questions of one server in a row within one request' },
  questions: { default: 32, about: 'questions, or answers, at once' },
  heldCallsPerCaller: {
    default: 4,
    about: 'calls of one caller that wait for answers to a server of the older era',
  },
  heldCalls: { default: 64, about: 'such calls of all callers together' },
  sessionIdleMs: { default: 30 * MINUTE_MS, about: 'how long a session over HTTP lives that nobody uses' },
  sessionsPerCaller: { default: 64, about: 'sessions of one caller; the least used one goes' },
  sessions: { default: 4_096, about: 'sessions of all callers together' },
  sessionEvents: { default: 1_000, about: 'events of a session that are kept for resumption' },
  sessionEventBytes: { default: 4 * MEBIBYTE, about: 'size of the events of a session that are kept' },
  tasks: { default: 1_024, about: 'tasks that are kept of all callers together' },
  tasksPerCaller: { default: 32, about: 'tasks that are kept of one caller' },
  taskTtlMs: { default: HOUR_MS, about: 'longest time that a task is kept; what it came to is gone then' },
  taskAfterMs: {
    default: 500,
    about: 'how long a call may take before it becomes a task, where its client can keep tasks (newer era)',
  },
  subscriptions: { default: 256, about: 'resources that one session, or one stream of changes, follows' },
  listenStreamsPerCaller: {
    default: 64,
    about: 'streams of changes of one caller that are open at the same time',
  },
  listenStreams: { default: 1_024, about: 'streams of changes of all callers together' },
  listenMs: {
    default: HOUR_MS,
    about: 'how long a stream of changes lives, after which its client proves anew who it is',
  },
} as const satisfies Readonly<Record<string, LimitRule>>;
export type GatewayLimit = keyof typeof GATEWAY_LIMITS;
export type GatewayLimits = { readonly [Limit in GatewayLimit]: number };

/** Every bound towards one server. */
export const UPSTREAM_LIMITS = {
  timeoutMs: { default: MINUTE_MS, about: 'longest wait for an answer or the next sign of progress' },
  timeoutTotalMs: {
    default: 10 * MINUTE_MS,
    about:
      'longest wait for an answer however much progress is reported; ten times `timeout_ms` where only that is set',
  },
  memoryBytes: {
    default: 2 * KIBIBYTE * MEBIBYTE,
    about: 'resident memory beyond which the process of a server on stdio is ended (on Linux)',
  },
  responseBytes: {
    default: 16 * MEBIBYTE,
    about: 'how much one response over HTTP may hold at once; beyond it the stream is ended',
  },
  streamBytesPerSecond: {
    default: 256 * KIBIBYTE,
    about: 'how much a response that stays open may hold beyond that, each second',
  },
  restartWaitMs: {
    default: 250,
    about:
      'first pause before a server that failed three times in a row is tried again; each next one is twice as long',
  },
  restartWaitLongestMs: { default: 30 * SECOND_MS, about: 'longest such pause' },
} as const satisfies Readonly<Record<string, LimitRule>>;
export type UpstreamLimit = keyof typeof UPSTREAM_LIMITS;
export type UpstreamLimits = { readonly [Limit in UpstreamLimit]: number };

/** Longest time that Node's timers can count, ms. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** The largest value that a limit can have. */
export function largestOf(name: string): number {
  return name.endsWith('Ms') ? TIMER_MS_MAX : Number.MAX_SAFE_INTEGER;
}

/** The limits towards clients: those that are given, else the defaults. A value that is no limit throws. */
export function gatewayLimits(given: Partial<GatewayLimits> = {}): GatewayLimits {
  return withDefaults(GATEWAY_LIMITS, given);
}

/** The limits towards one server. */
export function upstreamLimits(given: Partial<UpstreamLimits> = {}): UpstreamLimits {
  const { timeoutMs, timeoutTotalMs } = given;
  const total =
    timeoutTotalMs ?? (timeoutMs === undefined ? undefined : Math.min(timeoutMs * 10, TIMER_MS_MAX));
  return withDefaults(UPSTREAM_LIMITS, {
    ...given,
    ...(total === undefined ? {} : { timeoutTotalMs: total }),
  });
}

function withDefaults<Name extends string>(
  rules: Readonly<Record<Name, LimitRule>>,
  given: Partial<Record<Name, number>>,
): Record<Name, number> {
  const names = Object.keys(rules) as Name[];
  return Object.fromEntries(
    names.map((name) => {
      const value = given[name] ?? rules[name].default;
      const { least = 1 } = rules[name];
      if (!Number.isSafeInteger(value) || value < least || value > largestOf(name))
        throw new RangeError(`limit ${name} is a whole number from ${least} to ${largestOf(name)}`);
      return [name, value];
    }),
  ) as Record<Name, number>;
}
