/** One call that waits, as the service lists it. */
export interface WatchLine {
  readonly id: string;
  readonly age_seconds: number;
  readonly principal: string;
  readonly actor: string;
  readonly type: string;
  readonly tool?: string;
  readonly reason?: string;
  readonly needed: number;
  readonly votes: number;
  readonly appeal?: true;
  readonly standing?: true;
  readonly group?: string;
}

export interface WatchState {
  readonly lines: readonly WatchLine[];
  /** Index of the line that keys act on. */
  readonly chosen: number;
  /** What the last key did. */
  readonly message: string;
}

export type WatchKey = 'up' | 'down' | 'approve' | 'deny' | 'show' | 'quit' | undefined;

const KEYS: Readonly<Record<string, WatchKey>> = {
  '\u001b[A': 'up',
  k: 'up',
  '\u001b[B': 'down',
  j: 'down',
  a: 'approve',
  d: 'deny',
  s: 'show',
  q: 'quit',
  '\u0003': 'quit',
};

/** What a key on the terminal means; several at once mean nothing, so that pasted text approves nothing. */
export function keyOf(text: string): WatchKey {
  return KEYS[text];
}

/** The state with a new list. What was chosen stays chosen by its id: a key must not act on what slid into its place. */
export function withLines(state: WatchState, lines: readonly WatchLine[]): WatchState {
  const id = state.lines[state.chosen]?.id;
  const same = lines.findIndex((line) => line.id === id);
  if (same >= 0 || id === undefined) return { ...state, lines, chosen: Math.max(0, same) };
  // Nothing is chosen until somebody chooses again.
  return { ...state, lines, chosen: -1, message: state.message === '' ? `${id} is decided` : state.message };
}

/** The screen as text: names come from agents, so nothing of theirs can move the cursor. */
export function renderWatch({ lines, chosen, message }: WatchState, columns: number, rows: number): string {
  const room = Math.max(1, rows - 5);
  const first = Math.max(0, Math.min(Math.max(0, chosen) - Math.floor(room / 2), lines.length - room));
  const body = lines.slice(first, first + room).map((line, index) => {
    const mark = first + index === chosen ? '>' : ' ';
    const text = `${mark} ${age(line.age_seconds).padStart(5)}  ${line.tool ?? line.type}${votesOf(line)}  ${line.actor} for ${line.principal}  ${line.reason ?? ''}${marksOf(line)}`;
    return fit(text, columns);
  });
  const head = fit(`${lines.length} waiting`, columns);
  const foot = fit('up/down choose   a approve   d deny   s show   q quit', columns);
  const text = [head, '', ...body, '', fit(message, columns), foot].join('\r\n');
  return `\u001b[2J\u001b[H${text}`;
}

/** How many have said yes, where one is not enough. */
export function votesOf({ votes, needed }: WatchLine): string {
  return needed > 1 ? ` ${votes}/${needed}` : '';
}

/** What a yes means beyond one call, and whom it stands with. */
export function marksOf({ appeal, standing, group }: WatchLine): string {
  return [
    ...(appeal === true ? [' (appeal)'] : []),
    ...(standing === true ? [' (a yes also makes a standing permission)'] : []),
    ...(group === undefined ? [] : [` [${group}]`]),
  ].join('');
}

/** One line: names come from agents, so nothing of theirs moves the cursor, begins a line or turns text round. */
export function harmless(text: string): string {
  return text.replace(/[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/gu, '\ufffd');
}

function fit(text: string, columns: number): string {
  const plain = harmless(text);
  const characters = [...plain];
  return characters.length <= columns ? plain : `${characters.slice(0, Math.max(0, columns - 1)).join('')}…`;
}

function age(seconds: number): string {
  if (seconds < 60) return `${seconds}s`;
  return seconds < 3600 ? `${Math.floor(seconds / 60)}m` : `${Math.floor(seconds / 3600)}h`;
}
