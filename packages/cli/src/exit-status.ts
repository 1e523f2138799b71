/** What the exit status of `writ` means; the numbers from 64 follow BSD's sysexits.h. */
export const EXIT = {
  /** Done; for questions: yes. */
  ok: 0,
  /** Done, and the answer is no: denied, a test failed, the record does not verify. */
  no: 1,
  /** The command line is wrong. */
  usage: 64,
  /** A file that was given is wrong: a policy, a configuration, a request. */
  badInput: 65,
  /** Something that is needed does not answer: a server, a socket, a program. */
  unavailable: 69,
  /** A fault of ours. */
  internal: 70,
  /** The credential is missing or does not suffice. */
  notPermitted: 77,
  /** The configuration is wrong. */
  config: 78,
} as const;

/** An error that ends a command with its status and a message that says what to do. */
export class CommandError extends Error {
  readonly status: number;
  readonly help: string | undefined;

  constructor(status: number, message: string, help?: string) {
    super(message);
    this.name = 'CommandError';
    this.status = status;
    this.help = help;
  }
}
