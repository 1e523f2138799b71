import { BuiltinError } from './builtin.ts';
import type { HostRequest } from './host-request.ts';

/** A builtin call that must wait for the host. It ends the evaluation, which is begun again with the answer. */
export class SuspendedCall extends BuiltinError {
  readonly request: HostRequest;

  constructor(request: HostRequest) {
    super('eval_cancel_error', `${request.builtin}: needs an answer of the host`);
    this.request = request;
  }
}
