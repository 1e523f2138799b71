import type { HostRequest } from '../builtins/index.ts';
import type { Location } from '../syntax/ast.ts';

/** Codes of an evaluation that ends without an answer; OPA's names. */
export const EVALUATION_ERROR_CODES = [
  'eval_conflict_error',
  'eval_builtin_error',
  'eval_type_error',
  'eval_cancel_error',
  'eval_with_merge_error',
  // Ours: the evaluation needs an answer of the host first.
  'eval_suspended',
  'eval_internal_error',
] as const;
export type EvaluationErrorCode = (typeof EVALUATION_ERROR_CODES)[number];

/**
 * Ends an evaluation from deep inside; caught where the evaluation was started and handed out as a value. Not an
 * `Error`: no stack is taken.
 */
export class EvaluationFault {
  readonly code: EvaluationErrorCode;
  readonly message: string;
  readonly location: Location | undefined;

  constructor(code: EvaluationErrorCode, message: string, location?: Location) {
    this.code = code;
    this.message = message;
    this.location = location;
  }
}

/** What OPA says where one key of an object gets two values. */
export const OBJECT_CONFLICT = 'object keys must be unique';

/** Ends an evaluation that must wait for the host. */
export class EvaluationSuspension extends EvaluationFault {
  readonly request: HostRequest;

  constructor(request: HostRequest, location: Location) {
    super('eval_suspended', `${request.builtin} needs an answer of the host`, location);
    this.request = request;
  }
}
