import { CLIENT_CAPABILITIES_META_KEY } from '@modelcontextprotocol/client';
import type { Era } from './methods.ts';
import type { CallOptions } from './upstream-call.ts';

/** What a request carries beside its own parameters. */
export function added(
  { era }: { readonly era: Era },
  { meta, capabilities, inputs }: CallOptions,
): Record<string, unknown> {
  const modern = era === 'modern' ? { [CLIENT_CAPABILITIES_META_KEY]: capabilities ?? {} } : {};
  const whole = { ...meta, ...modern };
  return {
    ...(Object.keys(whole).length === 0 ? {} : { _meta: whole }),
    // The older era has no place for answers.
    ...(inputs === undefined || era === 'legacy' ? {} : { inputResponses: inputs.responses }),
    ...(inputs?.state === undefined || era === 'legacy' ? {} : { requestState: inputs.state }),
  };
}
