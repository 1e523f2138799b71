import type { Diagnostic } from '../syntax/diagnostic.ts';
import { PlanFault } from './terms.ts';

/** What to say of something that cannot be planned. Anything else that was thrown is thrown on. */
export function unsupported(caught: unknown): Diagnostic {
  if (!(caught instanceof PlanFault)) throw caught;
  return {
    code: 'rego_unsupported_error',
    severity: 'error',
    message: `not supported by this engine: ${caught.message}`,
    location: caught.at,
  };
}
