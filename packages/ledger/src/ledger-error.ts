import { WritError } from '@writ/decision';

/** Why a key or a log cannot be used. Faults in what is verified are findings of `verifyLog`, not errors. */
export const LEDGER_ERROR_CODES = [
  'key_exposed',
  'key_invalid',
  'key_of_another_node',
  'key_unreadable',
  'log_forked',
] as const;
export type LedgerErrorCode = (typeof LEDGER_ERROR_CODES)[number];

/** What this package throws at start-up and when a checkpoint must not be signed. */
export class LedgerError extends WritError<LedgerErrorCode> {
  override readonly name = 'LedgerError';

  constructor(code: LedgerErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, { ...options, publicMessage: PUBLIC_MESSAGES[code] });
  }
}

const PUBLIC_MESSAGES: Readonly<Record<LedgerErrorCode, string>> = {
  key_exposed: 'the key of the log can be read by others',
  key_invalid: 'the key of the log is not an Ed25519 key',
  key_of_another_node: 'the log of this cluster is signed with another key',
  key_unreadable: 'the key of the log cannot be read',
  log_forked: 'the log does not continue what was signed before',
};
