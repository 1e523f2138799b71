import { type Completion, type Decision, type JsonObject, WritError } from '@writ/decision';
import { refusalText, withheldText } from './refusal-text.ts';

/** Codes of what the client throws where it was asked to throw; a violation has the decision's own reason beside. */
export const SDK_ERROR_CODES = [
  'policy_violation',
  'result_withheld',
  'approval_pending',
  'run_halted',
] as const;
export type SdkErrorCode = (typeof SDK_ERROR_CODES)[number];

/** A call was refused (`onDeny: 'throw'`). `reason` is the machine-readable code; the tool did not run. */
export class PolicyViolation extends WritError<SdkErrorCode> {
  override readonly name: string = 'PolicyViolation';
  readonly tool: string;
  readonly reason: string;
  readonly decision: Decision;

  constructor(tool: string, decision: Decision) {
    super('policy_violation', refusalText(decision), { publicMessage: refusalText(decision) });
    this.tool = tool;
    this.reason = decision.reason;
    this.decision = decision;
  }
}

/** The tool ran, but a policy does not let its result out (`onDeny: 'throw'`). */
export class ResultWithheld extends WritError<SdkErrorCode> {
  override readonly name: string = 'ResultWithheld';
  readonly tool: string;
  readonly reason: string;
  readonly completion: Completion;

  constructor(tool: string, completion: Completion) {
    super('result_withheld', withheldText(completion), { publicMessage: withheldText(completion) });
    this.tool = tool;
    this.reason = completion.reasons[0]?.code ?? 'not_permitted';
    this.completion = completion;
  }
}

/** A call that waits for a person, in the form to keep (JSON) and to resume later, also in another process. */
export interface PendingCall {
  readonly approval_id: string;
  readonly tool: string;
  readonly args: JsonObject;
  readonly expires_at: string;
}

/** A person has to approve the call first (`onEscalate: 'throw'`). Nothing has happened; `pending` resumes it. */
export class ApprovalPending extends WritError<SdkErrorCode> {
  override readonly name: string = 'ApprovalPending';
  readonly tool: string;
  readonly reason: string;
  readonly pending: PendingCall;
  readonly decision: Decision;

  constructor(decision: Decision, pending: PendingCall) {
    super('approval_pending', refusalText(decision), { publicMessage: refusalText(decision) });
    this.tool = pending.tool;
    this.reason = decision.reason;
    this.pending = pending;
    this.decision = decision;
  }
}

/** A policy ordered this run to stop: every later call of the same guard throws this. */
export class RunHalted extends WritError<SdkErrorCode> {
  override readonly name: string = 'RunHalted';
  readonly decision: Decision;

  constructor(decision: Decision) {
    super('run_halted', `RUN_HALTED: ${decision.reason}. A policy ordered this run to stop.`);
    this.decision = decision;
  }
}
