/**
 * Whose state it is. All but `session_id` come from verified credentials; `session_id` may be chosen by a client and
 * therefore only subdivides: labels, risk and budgets also accrue above it.
 */
export interface StateSubject {
  readonly tenant?: string;
  readonly principal: string;
  readonly actor: string;
  readonly session_id?: string;
  /** Class of the actor, and the tool that is called: budgets may be theirs. */
  readonly actor_class?: string;
  readonly tool?: string;
}

/**
 * Gives a function of a subject that works its answer out once for each subject object: one commit asks for the same
 * keys several times. Subjects are never changed.
 */
export function oncePerSubject<Answer>(
  work: (subject: StateSubject) => Answer,
): (subject: StateSubject) => Answer {
  const known = new WeakMap<StateSubject, { readonly answer: Answer }>();
  return (subject) => {
    const before = known.get(subject);
    if (before !== undefined) return before.answer;
    const answer = work(subject);
    known.set(subject, { answer });
    return answer;
  };
}

/** Subjects that are remembered. */
const KNOWN_MAX = 4_096;
const known = new Map<string, StateSubject>();

/**
 * An equal subject that was seen before, or this one: agents call again and again, and what was worked out once for a
 * subject (`oncePerSubject`) then serves all calls. For subjects that nobody changes.
 */
export function knownSubject(subject: StateSubject): StateSubject {
  const name = nameOf(subject);
  const before = known.get(name);
  if (before !== undefined) return before;
  if (name.length > NAME_LENGTH_MAX) return subject;
  if (known.size >= KNOWN_MAX) known.clear();
  known.set(name, subject);
  return subject;
}

/** Longer names are few, and not worth the memory. */
const NAME_LENGTH_MAX = 1_024;

/** All parts, each after its length, so that no two subjects have one name. */
function nameOf({ tenant, principal, actor, session_id, actor_class, tool }: StateSubject): string {
  const lengths = `${principal.length},${actor.length},${tenant?.length},${session_id?.length},${actor_class?.length},${tool?.length}`;
  return `${lengths} ${principal}${actor}${tenant}${session_id}${actor_class}${tool}`;
}
