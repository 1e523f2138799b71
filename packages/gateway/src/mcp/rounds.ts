import { createHash } from 'node:crypto';
import { type InputRequiredResult, inputRequired, ProtocolError } from '@modelcontextprotocol/server';
import { canonicalJson, type Decision, type Json, type JsonObject } from '@writ/decision';
import { type Incoming, reportMalformed } from './ask-decision.ts';
import { decideInput, decideUnasked, type InputContext, releaseInput } from './authorize-input.ts';
import type { BoundedPoint } from './bounded-point.ts';
import { CALL_STEPS } from './call-steps.ts';
import type { CallTelemetry } from './call-telemetry.ts';
import { callerKey } from './caller-key.ts';
import type { Exchange, Inputs } from './exchange.ts';
import { isObject } from './json-object.ts';
import type { GatewayLimits } from './limits.ts';
import type { InputMethod } from './methods.ts';
import type { RoundState, StateSealer } from './sealed-state.ts';
import type { Upstream } from './upstream.ts';
import type { InputRequest, InputRequired, UpstreamAnswer } from './upstream-answer.ts';

/** Why an exchange with a server was broken off: by a policy, or by a rule of the gateway's own. */
export type InputRefusal =
  | { readonly kind: 'refused'; readonly decision: Decision }
  | { readonly kind: 'broken'; readonly code: string; readonly message: string };

/** How an exchange ended. */
export type RoundsEnd =
  | Exclude<UpstreamAnswer, InputRequired>
  /** The client has to come back with answers. */
  | { readonly kind: 'asked'; readonly result: InputRequiredResult }
  | InputRefusal;

export interface RoundsContext {
  readonly telemetry: Pick<CallTelemetry, 'question'>;
  readonly point: BoundedPoint;
  readonly states: StateSealer;
  readonly limits: GatewayLimits;
  /** Hears of each step that a request takes (`EDGE_STEPS`, `CALL_STEPS`), in order. */
  readonly observe?: (step: string) => void;
}

export interface Round {
  readonly incoming: Incoming;
  readonly upstream: Pick<Upstream, 'id' | 'address'>;
  readonly exchange: Exchange;
  /** Digest of who asks for what. */
  readonly binding: Binding;
  /** What the client brought along. */
  readonly opened?: OpenedInputs;
  /** Keeps the exchange open until the client comes back, and gives its id. */
  readonly hold?: () => string;
}

/** What a client brought along: its answers, and what is known of the questions. */
export interface OpenedInputs {
  readonly responses: JsonObject;
  readonly state?: RoundState;
}

/** Digest of who asks for what; made only where there are rounds. */
export type Binding = () => string;

/** Digest of who asks for what, in the client's own words. */
export function bindingOf({ caller }: Incoming, method: string, about: JsonObject): Binding {
  return () => {
    const text = canonicalJson({ caller: callerKey(caller), method, about });
    return createHash('sha256').update(text).digest('base64url');
  };
}

/** Opens what the client carried; rejects where that is not its own, or is used a second time. */
export async function openInputs(
  { point, states, observe }: RoundsContext,
  { inputs, caller }: Incoming,
  binding: Binding,
): Promise<OpenedInputs | undefined> {
  observe?.(CALL_STEPS.answers.name);
  if (inputs === undefined) return undefined;
  if (inputs.state === undefined) return { responses: inputs.responses };
  const state = states.open(inputs.state, binding());
  if (state !== undefined) return { responses: inputs.responses, state };
  const message = 'the request state was not given out for this request, was used, or is too old';
  await reportMalformed(point, caller, 'request_state_invalid', message);
  throw new ProtocolError(INVALID_PARAMS, 'Invalid or expired requestState', {
    reason: 'invalid_request_state',
  });
}

const INVALID_PARAMS = -32_602;

/** Sends, and carries questions and answers between server and client, each decided on, until there is a result. */
export async function runRounds(context: RoundsContext, round: Round): Promise<RoundsEnd> {
  const about: InputContext = {
    point: context.point,
    incoming: round.incoming,
    upstream: round.upstream,
    questionsMax: context.limits.questions,
  };
  const brought = await judgeBrought(about, round.opened);
  if (brought.kind !== 'ready') return stop(round, brought);
  let inputs: Inputs | undefined = brought.inputs;
  context.observe?.(CALL_STEPS.forward.name);
  for (let rounds = 0; rounds < context.limits.rounds; rounds++) {
    const answer = await round.exchange.send(inputs);
    if (answer.kind !== 'input_required') return answer;
    context.observe?.(CALL_STEPS.questions.name);
    const allowed = await decideQuestions(about, answer);
    if (allowed.kind !== 'allowed') return stop(round, allowed);
    if (round.incoming.flight.ask === undefined)
      return askByResult(context, round, answer, allowed.questions);
    const answered = await askNow(context, about, round.incoming, allowed.questions);
    if (answered.kind !== 'ready') return stop(round, answered);
    const { responses } = answered.inputs;
    inputs = { responses, ...(answer.state === undefined ? {} : { state: answer.state }) };
  }
  return stop(round, broken('input_refused', 'The server keeps asking.'));
}

function stop<Refusal extends InputRefusal>({ exchange }: Round, refusal: Refusal): Refusal {
  exchange.end();
  return refusal;
}

function broken(code: string, message: string): InputRefusal {
  return { kind: 'broken', code, message };
}

type Ready = { readonly kind: 'ready'; readonly inputs: Inputs | undefined };

/** The client's answers, as far as policies let them go to the server. */
async function judgeBrought(
  about: InputContext,
  opened: OpenedInputs | undefined,
): Promise<Ready | InputRefusal> {
  if (opened === undefined) return { kind: 'ready', inputs: undefined };
  const responses: Record<string, Json> = {};
  const given = Object.entries(opened.responses);
  if (given.length > about.questionsMax) return broken('input_refused', 'Too many answers.');
  for (const [key, response] of given) {
    if (!isObject(response)) continue;
    const decisionId = opened.state?.asked[key];
    const release =
      decisionId === undefined
        ? await decideUnasked(about, key, response)
        : await releaseInput(about, { decision_id: decisionId }, response);
    if (release.kind === 'refused') return release;
    if (release.kind === 'withheld') return broken(release.code, 'An answer is withheld from the server.');
    responses[key] = release.answer;
  }
  const state = opened.state?.upstream;
  return { kind: 'ready', inputs: { responses, ...(state === undefined ? {} : { state }) } };
}

interface Question {
  readonly key: string;
  readonly request: InputRequest;
  readonly decision: Decision;
}

async function decideQuestions(
  about: InputContext,
  { requests }: InputRequired,
): Promise<{ readonly kind: 'allowed'; readonly questions: readonly Question[] } | InputRefusal> {
  const questions: Question[] = [];
  const asked = Object.entries(requests);
  if (asked.length > about.questionsMax) return broken('input_refused', 'The server asks too much at once.');
  for (const [key, request] of asked) {
    const verdict = await decideInput(about, request);
    if (verdict.kind === 'refused') return verdict;
    if (verdict.kind === 'unknown') {
      return broken(verdict.code, 'The server asks for what clients may not be asked for.');
    }
    questions.push({ key, request: verdict.request, decision: verdict.decision });
  }
  return { kind: 'allowed', questions };
}

/** Ends the request with the questions; the client sends it again, with answers and the sealed state. */
function askByResult(
  { states }: RoundsContext,
  { incoming, binding, exchange, hold }: Round,
  { state }: InputRequired,
  questions: readonly Question[],
): RoundsEnd {
  if (incoming.channel.era === 'legacy' || (exchange.held && hold === undefined)) {
    exchange.end();
    return broken('input_refused', 'The server asks for input, and this client cannot be asked.');
  }
  const sealed = states.seal({
    binding: binding(),
    asked: Object.fromEntries(questions.map(({ key, decision }) => [key, decision.decision_id])),
    ...(state === undefined ? {} : { upstream: state }),
    ...(exchange.held && hold !== undefined ? { held: hold() } : {}),
  });
  const inputRequests = Object.fromEntries(questions.map(({ key, request }) => [key, request]));
  // The SDK reads each question against the protocol's schema before it goes out.
  const result = inputRequired({ inputRequests: inputRequests as never, requestState: sealed });
  return { kind: 'asked', result };
}

async function askNow(
  { telemetry }: RoundsContext,
  about: InputContext,
  { flight, signal }: Incoming,
  questions: readonly Question[],
): Promise<{ readonly kind: 'ready'; readonly inputs: Inputs } | InputRefusal> {
  const responses: Record<string, Json> = {};
  for (const { key, request, decision } of questions) {
    const method = request.method as InputMethod;
    const answer = await telemetry.question({ server: about.upstream.id, method }, async () =>
      flight.ask?.(method, request.params ?? {}, signal).catch(() => undefined),
    );
    if (answer === undefined) {
      await about.point.complete({ decision_id: decision.decision_id, status: 'unknown' });
      return broken('input_unanswered', 'The client did not answer what the server asks.');
    }
    const release = await releaseInput(about, decision, answer);
    if (release.kind === 'withheld') return broken(release.code, 'An answer is withheld from the server.');
    responses[key] = release.answer;
  }
  return { kind: 'ready', inputs: { responses } };
}
