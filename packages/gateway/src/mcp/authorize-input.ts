import type { Action, Decision, Json, JsonObject } from '@writ/decision';
import { askDecision, type Incoming, reportRefused } from './ask-decision.ts';
import type { BoundedPoint } from './bounded-point.ts';
import { isObject } from './json-object.ts';
import { judgeAnswer } from './judge-answer.ts';
import { INPUTS, type InputMethod, type InputRule, isInputMethod } from './methods.ts';
import type { Upstream } from './upstream.ts';
import type { InputRequest } from './upstream-answer.ts';

/** Whom a question, or an answer, is about: the client that is asked, and the server that asks. */
export interface InputContext {
  readonly point: BoundedPoint;
  readonly incoming: Incoming;
  readonly upstream: Pick<Upstream, 'id' | 'address'>;
  /** Questions, or answers, at once. */
  readonly questionsMax: number;
}

/** May a server ask its client this, and in which form. */
export type KnownVerdict =
  | { readonly kind: 'allowed'; readonly decision: Decision; readonly request: InputRequest }
  | { readonly kind: 'refused'; readonly decision: Decision };
export type InputVerdict =
  | KnownVerdict
  /** A question that the table of methods does not hold. */
  | { readonly kind: 'unknown'; readonly code: 'method_unknown' };

/** Decides about one question of a server to its client. */
export async function decideInput(about: InputContext, request: InputRequest): Promise<InputVerdict> {
  const { method, params = {} } = request;
  if (!isInputMethod(method)) {
    const action: Action = { type: 'elicitation', phase: 'call', server: about.upstream.id };
    const message = `a server may not ask its client for \`${String(method).slice(0, 128)}\``;
    await reportRefused(about.point, about.incoming, action, 'method_unknown', message);
    return { kind: 'unknown', code: 'method_unknown' };
  }
  return decideKnown(about, method, params);
}

/** The same about one of the methods that the table holds. */
export async function decideKnown(
  about: InputContext,
  method: InputMethod,
  { _meta, ...args }: JsonObject,
): Promise<KnownVerdict> {
  const decision = await askDecision(
    about.point,
    about.incoming,
    actionOf(about, INPUTS[method], args),
    undefined,
  );
  if (decision.effect !== 'proceed') return { kind: 'refused', decision };
  return { kind: 'allowed', decision, request: { method, params: decision.forwarded_args ?? args } };
}

/** What of a client's answer may go to the server that asked. */
export type InputRelease =
  | { readonly kind: 'released'; readonly answer: JsonObject }
  | { readonly kind: 'withheld'; readonly code: string };

/** Puts the client's answer on record, and asks the output policy about it. */
export async function releaseInput(
  { point }: InputContext,
  decision: Decision | { readonly decision_id: string },
  answer: JsonObject,
): Promise<InputRelease> {
  const { _meta, ...structured } = answer;
  const judged = await judgeAnswer(point, decision as Decision, { structured });
  if (judged.kind === 'withheld') return judged;
  const released: Json | undefined = judged.result.structured;
  return isObject(released)
    ? { kind: 'released', answer: released }
    : { kind: 'withheld', code: 'result_withheld' };
}

/**
 * An answer that was given unasked: a client of the newer era may answer what it knows that a server will ask. It is
 * decided about as a question, with the answer as its argument.
 */
export async function decideUnasked(
  about: InputContext,
  key: string,
  response: JsonObject,
): Promise<InputRelease | { readonly kind: 'refused'; readonly decision: Decision }> {
  const { _meta, ...answer } = response;
  const rule: InputRule = { type: 'elicitation', operation: 'input_response' };
  const action = actionOf(about, rule, { key, response: answer });
  const decision = await askDecision(about.point, about.incoming, action, undefined);
  if (decision.effect !== 'proceed') return { kind: 'refused', decision };
  const forwarded = decision.forwarded_args?.['response'];
  return releaseInput(about, decision, isObject(forwarded) ? forwarded : answer);
}

function actionOf({ upstream }: InputContext, { type, operation }: InputRule, args: JsonObject): Action {
  return {
    type,
    phase: 'call',
    server: upstream.id,
    args,
    ...(operation === undefined ? {} : { operation }),
    ...(upstream.address === undefined ? {} : { upstream: upstream.address }),
  };
}
