import { randomUUID } from 'node:crypto';
import {
  type Approval,
  type Completion,
  checkStrictValue,
  type DecideCall,
  type Decision,
  type DecisionRequest,
  hashJson,
  type JsonObject,
  validateCompletion,
  writReason,
} from '@writ/decision';
import { checkDecision, sha256Hex } from './check-decision.ts';
import { deniedDecision } from './denied-decision.ts';
import { ApprovalPending, type PendingCall, PolicyViolation, ResultWithheld, RunHalted } from './errors.ts';
import type { GuardOptions } from './guard-options.ts';
import { refusalText, withheldText } from './refusal-text.ts';
import { showError, showResult } from './tool-result.ts';

/** A tool as the run calls it. */
export interface RunnableTool {
  readonly name: string;
  /** Digest of its definition, where it has one. */
  readonly digest?: string;
  readonly execute: (args: JsonObject, rest: readonly unknown[]) => unknown;
}

const APPROVAL_TIMEOUT_MS = 15 * 60_000;

/** One agent's run over a set of tools: decide, run what was authorised with what was authorised, complete. */
export class GuardedRun {
  readonly #options: GuardOptions;
  readonly #tools: ReadonlyMap<string, RunnableTool>;
  readonly #pending = new Map<string, { readonly call: PendingCall; readonly rest: readonly unknown[] }>();
  #halted: Decision | undefined;

  constructor(tools: ReadonlyMap<string, RunnableTool>, options: GuardOptions) {
    this.#tools = tools;
    this.#options = options;
  }

  /** Calls a tool on behalf of the agent. */
  async call(tool: RunnableTool, given: unknown, rest: readonly unknown[]): Promise<unknown> {
    if (this.#halted !== undefined) throw new RunHalted(this.#halted);
    const checked = checkStrictValue(given ?? {});
    if (!checked.ok)
      return this.#unreadable(tool, `${checked.pointer || 'arguments'}: ${checked.message}`, checked.code);
    const args = checked.value;
    if (typeof args !== 'object' || args === null || Array.isArray(args)) {
      return this.#unreadable(tool, 'arguments are not an object', 'request_invalid');
    }
    return this.#decided(tool, args as JsonObject, rest, undefined);
  }

  /** Goes on with a call that waited for a person; the arguments are needed where this process did not make it. */
  async resume(approvalId: string, given?: Pick<PendingCall, 'tool' | 'args'>): Promise<unknown> {
    if (this.#halted !== undefined) throw new RunHalted(this.#halted);
    const approval = await this.#approvalOf(approvalId);
    const known = this.#pending.get(approvalId);
    const call = given ?? known?.call ?? callOf(approval);
    const tool = call === undefined ? undefined : this.#tools.get(call.tool);
    if (call === undefined || tool === undefined) {
      const message = 'the call cannot be rebuilt from its approval: give its tool and arguments';
      return this.#refused(
        call?.tool ?? 'unknown',
        deniedDecision(call ? 'tool_unknown' : 'approval_unknown', message),
      );
    }
    if (approval?.status === 'pending') return this.#stillPending(approval, call, known?.rest ?? []);
    const checked = checkStrictValue(call.args);
    if (!checked.ok) return this.#unreadable(tool, checked.message, checked.code);
    return this.#decided(tool, checked.value as JsonObject, known?.rest ?? [], approvalId);
  }

  /** Asks people about a call that was denied; nothing runs. Throws `PolicyViolation` where nobody can be asked. */
  async appeal(call: Pick<PendingCall, 'tool' | 'args'>, justification?: string): Promise<PendingCall> {
    if (this.#halted !== undefined) throw new RunHalted(this.#halted);
    const tool = this.#tools.get(call.tool);
    if (tool === undefined) throw new PolicyViolation(call.tool, deniedDecision('tool_unknown'));
    const checked = checkStrictValue(call.args);
    if (!checked.ok) throw new PolicyViolation(tool.name, deniedDecision(checked.code, checked.message));
    const args = checked.value as JsonObject;
    const appeal = justification === undefined ? {} : { justification };
    const decision = await this.#decide(tool, args, { appeal });
    if (decision.outcome !== 'escalate' || decision.approval === undefined)
      throw new PolicyViolation(tool.name, decision);
    const { id, expires_at } = decision.approval;
    const pending: PendingCall = { approval_id: id, tool: tool.name, args, expires_at };
    this.#pending.set(id, { call: pending, rest: [] });
    return pending;
  }

  async #decided(
    tool: RunnableTool,
    args: JsonObject,
    rest: readonly unknown[],
    approvalId: string | undefined,
  ): Promise<unknown> {
    const brought = approvalId === undefined ? {} : { approval_id: approvalId };
    const decision = await this.#decide(tool, args, brought);
    if (decision.obligations.some((duty) => duty.type === 'halt')) this.#halted ??= decision;
    if (approvalId !== undefined) this.#pending.delete(approvalId);
    if (decision.effect === 'proceed') return this.#run(tool, decision, rest);
    // This very call was approved meanwhile: it goes through once, without anyone carrying the approval's id along.
    if (decision.approval?.status === 'approved' && approvalId === undefined) {
      return this.#decided(tool, args, rest, decision.approval.id);
    }
    if (decision.outcome === 'escalate' && decision.approval !== undefined) {
      return this.#escalated(tool, args, rest, decision, decision.approval);
    }
    return this.#refused(tool.name, decision);
  }

  async #decide(
    tool: RunnableTool,
    args: JsonObject,
    brought: Pick<DecideCall, 'approval_id' | 'appeal'>,
  ): Promise<Decision> {
    const call: DecideCall = {
      request: this.#request(tool, args),
      idempotency_key: randomUUID(),
      ...(tool.digest === undefined ? {} : { tool_digest: tool.digest }),
      ...brought,
    };
    try {
      return checkDecision(await this.#options.point.decide(call), call);
    } catch {
      return deniedDecision('policy_engine_unavailable');
    }
  }

  #request(tool: RunnableTool, args: JsonObject): DecisionRequest {
    const { principal, actor, delegation, session, context, environment, server } = this.#options;
    const merged = session === undefined ? context : { ...context, session_id: session };
    return {
      principal,
      actor,
      ...(delegation === undefined ? {} : { delegation }),
      action: {
        type: 'tool_call',
        phase: 'call',
        tool: tool.name,
        ...(server === undefined ? {} : { server }),
        args,
      },
      ...(merged === undefined ? {} : { context: merged }),
      ...(environment === undefined ? {} : { environment }),
    };
  }

  /** The only place where a tool runs: with exactly the arguments that the decision lets through. */
  async #run(tool: RunnableTool, decision: Decision, rest: readonly unknown[]): Promise<unknown> {
    const { forwarded_args } = decision;
    if (forwarded_args === undefined)
      return this.#refused(tool.name, deniedDecision('policy_engine_unavailable'));
    let returned: unknown;
    try {
      // A copy, so that a tool may change its arguments as it always did.
      returned = await tool.execute(structuredClone(forwarded_args), rest);
    } catch (thrown) {
      const completion = await this.#complete(decision, 'failed', showError(thrown));
      if (completion.effect !== 'proceed') return this.#withheld(tool.name, completion);
      throw thrown;
    }
    const shown = showResult(returned);
    if (!shown.ok) {
      await this.#complete(decision, 'succeeded', {});
      return this.#withheld(tool.name, refusedCompletion('json_not_json', shown.message));
    }
    const completion = await this.#complete(decision, 'succeeded', shown.result);
    return completion.effect === 'proceed'
      ? shown.release(completion.result)
      : this.#withheld(tool.name, completion);
  }

  async #complete(
    decision: Decision,
    status: 'succeeded' | 'failed',
    result: NonNullable<Completion['result']>,
  ): Promise<Completion> {
    try {
      const call = { decision_id: decision.decision_id, status, result };
      const read = validateCompletion(await this.#options.point.complete(call));
      return read.ok
        ? read.value
        : refusedCompletion('policy_engine_unavailable', 'the answer is no completion');
    } catch {
      return refusedCompletion('policy_engine_unavailable');
    }
  }

  async #escalated(
    tool: RunnableTool,
    args: JsonObject,
    rest: readonly unknown[],
    decision: Decision,
    approval: NonNullable<Decision['approval']>,
  ): Promise<unknown> {
    const call: PendingCall = {
      approval_id: approval.id,
      tool: tool.name,
      args,
      expires_at: approval.expires_at,
    };
    this.#pending.set(approval.id, { call, rest });
    const {
      onDeny = 'return',
      onEscalate = onDeny,
      approvalTimeoutMs = APPROVAL_TIMEOUT_MS,
      signal,
    } = this.#options;
    if (onEscalate === 'throw') throw new ApprovalPending(decision, call);
    if (onEscalate === 'return') return refusalText(decision);
    const judged = await this.#waited(approval.id, approvalTimeoutMs, signal);
    if (judged === undefined || judged.status === 'pending') return refusalText(decision);
    if (this.#halted !== undefined) throw new RunHalted(this.#halted);
    return this.#decided(tool, args, rest, approval.id);
  }

  async #waited(
    id: string,
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ): Promise<Approval | undefined> {
    try {
      return await this.#options.point.approval.wait(id, {
        timeoutMs,
        ...(signal === undefined ? {} : { signal }),
      });
    } catch {
      return undefined;
    }
  }

  async #approvalOf(id: string): Promise<Approval | undefined> {
    try {
      return await this.#options.point.approval.get(id);
    } catch {
      return undefined;
    }
  }

  #stillPending(
    approval: Approval,
    call: Pick<PendingCall, 'tool' | 'args'>,
    rest: readonly unknown[],
  ): unknown {
    const { id, expires_at, reasons } = approval;
    const pending: PendingCall = { approval_id: id, tool: call.tool, args: call.args, expires_at };
    this.#pending.set(id, { call: pending, rest });
    const decision: Decision = {
      ...deniedDecision('approval_pending'),
      decision_id: approval.decision_id,
      outcome: 'escalate',
      reason: reasons[0]?.code ?? 'approval_required',
      reasons,
      approval: { id, status: approval.status, expires_at },
    };
    const { onDeny = 'return', onEscalate = onDeny } = this.#options;
    if (onEscalate === 'throw') throw new ApprovalPending(decision, pending);
    return refusalText(decision);
  }

  async #unreadable(
    tool: RunnableTool,
    message: string,
    code: Parameters<typeof deniedDecision>[0],
  ): Promise<unknown> {
    const { principal, actor } = this.#options;
    try {
      await this.#options.point.report({
        kind: 'malformed',
        request: { principal, actor },
        code,
        message,
        detail: { tool: tool.name },
      });
    } catch {
      // The call is refused whether or not the report could be kept.
    }
    return this.#refused(tool.name, deniedDecision(code, message));
  }

  #refused(tool: string, decision: Decision): string {
    if (this.#options.onDeny === 'throw') throw new PolicyViolation(tool, decision);
    return refusalText(decision);
  }

  #withheld(tool: string, completion: Completion): string {
    if (this.#options.onDeny === 'throw') throw new ResultWithheld(tool, completion);
    return withheldText(completion);
  }
}

function refusedCompletion(code: Parameters<typeof deniedDecision>[0], message?: string): Completion {
  return { effect: 'refuse', outcome: 'deny', reasons: [writReason(code, message)] };
}

/** The call of an approval, where its arguments are shown unmasked and unredacted: their hash tells. */
function callOf(approval: Approval | undefined): Pick<PendingCall, 'tool' | 'args'> | undefined {
  const { tool, args } = approval?.action ?? {};
  if (approval === undefined || tool === undefined || args === undefined) return undefined;
  return hashJson(args, sha256Hex) === approval.arg_hash ? { tool, args } : undefined;
}
