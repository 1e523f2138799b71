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
