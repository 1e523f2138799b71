import type { HostAnswer, HostAnswers, HostRequest } from '../builtins/index.ts';
import { NondeterministicCache } from '../builtins/index.ts';
import type { EvaluationError, EvaluationOptions } from '../eval/evaluation.ts';
import { DEADLINE_MS_DEFAULT } from '../eval/evaluation.ts';
import type { Value } from '../value/index.ts';
import { memberKey, RegoSet } from '../value/index.ts';
import type { HttpCache } from './http-cache.ts';
import { sendHttp } from './http-send.ts';
import type { NetworkHost } from './network.ts';

/** How often an evaluation is begun again with one more answer of the network, where no other number is given. */
export const ROUNDS_MAX_DEFAULT = 100;

/** How an evaluation that may ask the network is to be done. */
export interface AsyncEvaluationOptions extends EvaluationOptions {
  /** Without it `http.send` and `net.lookup_ip_addr` fail. */
  readonly network?: NetworkHost;
  /** Keeps answers from one evaluation to the next, for calls that ask for that. */
  readonly httpCache?: HttpCache;
  /** Requests of one evaluation; 100 by default. */
  readonly roundsMax?: number;
}

/** What can be evaluated: a prepared query of either kind. */
export interface Evaluable<Result> {
  evaluate(input: Value | undefined, options?: EvaluationOptions): Result | EvaluationError;
}

/** An evaluation's outcome, and what it rests on beside policy, data and input. */
export interface AsyncEvaluation<Result> {
  readonly result: Result | EvaluationError;
  /** Given to an evaluation as `nondeterministic`, it gives the same outcome again. */
  readonly nondeterministic: NondeterministicCache;
}

class KnownAnswers implements HostAnswers {
  readonly #byOperand = new Map<unknown, HostAnswer>();
  readonly #byCacheKey = new Map<unknown, HostAnswer>();

  get(request: HostRequest): HostAnswer | undefined {
    const known = this.#byOperand.get(operandKey(request));
    if (known !== undefined || request.builtin !== 'http.send') return known;
    return this.#byCacheKey.get(memberKey(request.http.cacheKey));
  }

  put(request: HostRequest, answer: HostAnswer, isShared: boolean): void {
    this.#byOperand.set(operandKey(request), answer);
    if (isShared && request.builtin === 'http.send') {
      this.#byCacheKey.set(memberKey(request.http.cacheKey), answer);
    }
  }
}

function operandKey({ builtin, operand }: HostRequest): unknown {
  return memberKey([builtin, operand]);
}

const NS_PER_MS = 1_000_000n;

/**
 * Evaluates what may ask the network. JavaScript's network is asynchronous and evaluation is not: an evaluation that
 * meets a call without an answer ends there, the host asks, and the evaluation is begun again with the answer, at the
 * same time and with the same random numbers, until it ends by itself. The deadline holds for all of it.
 */
export async function evaluateAsync<Result extends { readonly kind: string }>(
  query: Evaluable<Result>,
  input: Value | undefined,
  options: AsyncEvaluationOptions = {},
): Promise<AsyncEvaluation<Result>> {
  const { network, httpCache, roundsMax = ROUNDS_MAX_DEFAULT, observer, host, ...plain } = options;
  const timeNs = options.timeNs ?? host?.clock?.() ?? BigInt(Date.now()) * NS_PER_MS;
  const nondeterministic = options.nondeterministic ?? new NondeterministicCache();
  const answers = network === undefined ? undefined : new KnownAnswers();
  const deadlineMs = options.deadlineMs ?? DEADLINE_MS_DEFAULT;
  const start = performance.now();
  for (let rounds = 0; ; rounds++) {
    const remainingMs = deadlineMs - (performance.now() - start);
    const heard: (() => void)[] = [];
    const round: EvaluationOptions = {
      ...plain,
      timeNs,
      nondeterministic,
      deadlineMs: Math.max(0, remainingMs),
      ...(answers !== undefined && { answers }),
      host: {
        ...host,
        printed: (message) => heard.push(() => host?.printed?.(message)),
        traced: (message) => heard.push(() => host?.traced?.(message)),
      },
    };
    const result = query.evaluate(input, round);
    const request = suspendedAt(result);
    if (request === undefined || network === undefined || answers === undefined) {
      for (const tell of heard) tell();
      if (observer === undefined) return { result, nondeterministic };
      // Nobody wants to watch rounds that came to nothing: the last one is run once more, and seen.
      return { result: query.evaluate(input, { ...round, observer }), nondeterministic };
    }
    if (rounds >= roundsMax) {
      const message = `evaluation asked the network more than ${roundsMax} times`;
      return { result: { kind: 'error', code: 'eval_cancel_error', message }, nondeterministic };
    }
    const around = { network, cache: httpCache, nowMs: Number(timeNs / NS_PER_MS) };
    await answer(request, answers, around, deadlineMs - (performance.now() - start));
  }
}

function suspendedAt(result: { readonly kind: string }): HostRequest | undefined {
  return result.kind === 'error' ? (result as EvaluationError).request : undefined;
}

/** Asks the host, and gives up when the evaluation's time is over. */
async function answer(
  request: HostRequest,
  answers: KnownAnswers,
  around: { readonly network: NetworkHost; readonly cache: HttpCache | undefined; readonly nowMs: number },
  remainingMs: number,
): Promise<void> {
  const controller = new AbortController();
  const { signal } = controller;
  const timer = setTimeout(() => controller.abort(), Math.max(0, Math.min(remainingMs, 2 ** 31 - 1)));
  try {
    const sent =
      request.builtin === 'http.send'
        ? await sendHttp(request.http, { ...around, signal })
        : { answer: await lookedUp(request.operand, around.network, signal), isShared: false };
    const cancelled: HostAnswer = { kind: 'cancelled', message: 'timed out (context deadline exceeded)' };
    answers.put(request, signal.aborted ? cancelled : sent.answer, sent.isShared && !signal.aborted);
  } finally {
    clearTimeout(timer);
  }
}

async function lookedUp(name: string, network: NetworkHost, signal: AbortSignal): Promise<HostAnswer> {
  const found = await network.lookup(name, signal);
  if ('kind' in found)
    return { kind: 'failure', message: found.message, isNetwork: found.cause === 'network' };
  return { kind: 'value', value: RegoSet.from(found) };
}
