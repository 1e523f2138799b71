import { WritError } from '@writ/decision';

/** Why a local decision point does not open. */
export const LOCAL_ERROR_CODES = ['data_unavailable', 'policies_invalid'] as const;
export type LocalErrorCode = (typeof LOCAL_ERROR_CODES)[number];

/** A local decision point that does not open; `publicMessage` says what to mend, policies with their source lines. */
export class LocalError extends WritError<LocalErrorCode> {
  override readonly name = 'LocalError';
}
