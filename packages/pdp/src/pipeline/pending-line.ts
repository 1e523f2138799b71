/** One line of the list of what waits. */
export interface PendingLine {
  readonly id: string;
  readonly created_at: string;
  readonly expires_at: string;
  readonly age_seconds: number;
  readonly tenant?: string;
  readonly principal: string;
  readonly actor: string;
  readonly type: string;
  readonly tool?: string;
  readonly server?: string;
  /** Code of the first reason. */
  readonly reason?: string;
  /** Asked against a denial. */
  readonly appeal?: true;
  /** A yes also makes a standing permission. */
  readonly standing?: true;
  /** What policy calls alike; questions of one group are shown as one. */
  readonly group?: string;
  readonly needed: number;
  readonly votes: number;
}
