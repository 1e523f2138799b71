import {
  type ConsultedOpinion,
  combine,
  type DecideCall,
  faultOpinion,
  type Json,
  permits,
  readAnswer,
} from '@writ/decision';
import type { EngineAnswer } from '../engine/engine.ts';
import type { CallerIdentity } from './caller.ts';
import type { Core } from './core.ts';
import { decide } from './decide.ts';
import { bundleOf, evaluateIn } from './evaluate-rule.ts';
import type { Judgement, JudgeOptions } from './judge.ts';
import type { RawDecision, RawQuestion } from './service.ts';

/**
 * Asks one rule alone, as kind `grant`, with the input as it is: for directories without a manifest in development.
 * Everything else is the pipeline: halts, budgets, approvals and the record. The rule's own value comes back where
 * the decision lets the call proceed, or where it can be read and permits nothing: only the client knows what another
 * shape means to it.
 */
export async function decideRaw(
  core: Core,
  caller: CallerIdentity,
  question: RawQuestion,
): Promise<RawDecision> {
  let asked: EngineAnswer | undefined;
  const call: DecideCall = { request: question.request };
  const deciding = decide(core, caller, call, {
    judge: async (request, options) => {
      const { policies, nowMs, deadlineMs } = options;
      asked = await evaluateIn(policies, question, nowMs, deadlineMs);
      return judgementOf(asked, question.path, request, options);
    },
  });
  const decision = await core.meters.counted(deciding);
  if (asked?.kind === 'error') return { decision, fault: { code: asked.code, message: asked.message } };
  if (asked?.kind !== 'value') return { decision };
  return decision.effect === 'proceed' || permitsNothing(asked.value)
    ? { decision, value: asked.value }
    : { decision };
}

function judgementOf(
  answer: EngineAnswer,
  path: string,
  request: RawQuestion['request'],
  options: JudgeOptions,
): Judgement {
  const rule = `data.${path.replaceAll('/', '.')}`;
  const rules = answer.kind === 'error' ? [] : answer.rules;
  const place = rules.find((each) => each.path === rule) ?? rules[0];
  const opinion: ConsultedOpinion = {
    layer: 'resource',
    bundle: bundleOf(options.policies, path) ?? 'unknown',
    rule,
    kind: 'grant',
    ...(place === undefined ? {} : { file: place.file, row: place.row }),
    opinion:
      answer.kind === 'error'
        ? faultOpinion(answer.code, answer.message)
        : readAnswer('grant', answer.kind === 'value' ? answer.value : undefined),
  };
  const { tool, args } = request.action;
  const opinions = [opinion, ...(options.duties?.opinions ?? [])];
  const combined = combine(opinions, {
    phase: 'call',
    nowMs: options.nowMs,
    subject: {
      principal: request.principal.id,
      actor: request.actor.id,
      ...(tool === undefined ? {} : { tool }),
    },
  });
  return {
    combined,
    opinions,
    request,
    ...(args === undefined ? {} : { forwardedArgs: args }),
    rules,
    rulesEvaluated: answer.kind === 'error' ? 0 : answer.rulesEvaluated,
    evaluationNs: 0,
  };
}

/** Is this a value that any client takes for a no: read as a grant's, nothing in it permits or is unknown. */
function permitsNothing(value: Json): boolean {
  const opinion = readAnswer('grant', value);
  if (opinion.kind !== 'verdict') return true;
  const unknown = (code: string): boolean => code === 'policy_unknown_shape';
  return !opinion.parts.some(
    ({ outcome, reasons }) => permits(outcome) || reasons.some(({ code }) => unknown(code)),
  );
}
