import { type ApprovalRule, canonicalJson, type Json, type StandingTerms } from '@writ/decision';

/** A person's verdict on an approval, as it is kept. */
export interface ApprovalVote {
  /** Who gave it. */
  readonly by: string;
  /** Whose vote it is: another's where that one is away and named `by` as delegate. */
  readonly holder: string;
  /** Groups of the holder, as the service knew them then. */
  readonly groups: readonly string[];
  readonly at_ms: number;
  /** The way by which it came: `terminal`, `page`, `slack`, … */
  readonly channel: string;
  readonly comment?: string;
}

/** Whoever may be asked: an id with its groups. */
export interface Voter {
  readonly id: string;
  readonly groups: readonly string[];
}

/** How many people have to say yes: the most that any rule asks for, at least one. */
export function votesNeeded(rules: readonly ApprovalRule[]): number {
  return Math.max(1, ...rules.map(({ needed = 1, each_of = [] }) => Math.max(needed, each_of.length)));
}

/** What a yes makes beyond the one call: only where every rule that holds names the same terms. */
export function standingTermsOf(rules: readonly ApprovalRule[]): StandingTerms | undefined {
  const [first] = rules;
  if (first?.standing === undefined) return undefined;
  const same = canonicalJson(first.standing as unknown as Json);
  const all = rules.every(
    ({ standing }) => standing !== undefined && canonicalJson(standing as unknown as Json) === same,
  );
  return all ? first.standing : undefined;
}

/** The group that a question is shown in; none where rules name different ones. */
export function groupOf(rules: readonly ApprovalRule[]): string | undefined {
  const groups = new Set(rules.flatMap(({ group }) => (group === undefined ? [] : [group])));
  return groups.size === 1 ? [...groups][0] : undefined;
}

/** Groups that the steps of escalation up to this age of a question have added. */
export function groupsLater({ escalate = [] }: ApprovalRule, ageMs: number): readonly string[] {
  return escalate.flatMap(({ after_seconds, groups }) => (ageMs >= after_seconds * 1000 ? groups : []));
}

/** Groups that are asked at this age of a question; undefined where any approver is. */
export function groupsAsked(rule: ApprovalRule, ageMs: number): readonly string[] | undefined {
  const groups = [...(rule.groups ?? []), ...groupsLater(rule, ageMs)];
  return rule.groups === undefined && rule.approvers === undefined
    ? rule.each_of
    : [...new Set([...groups, ...(rule.each_of ?? [])])];
}

/** Whether every rule lets this person judge a question of this age. */
export function mayVote(rules: readonly ApprovalRule[], { id, groups }: Voter, ageMs: number): boolean {
  return rules.every((rule) => {
    if (rule.excluded?.includes(id) === true) return false;
    const asked = groupsAsked(rule, ageMs);
    if (asked === undefined && rule.approvers === undefined) return true;
    return rule.approvers?.includes(id) === true || asked?.some((group) => groups.includes(group)) === true;
  });
}

/** Whether these votes are enough: as many different people as are needed, and one for each duty, no two by one. */
export function votesSuffice(rules: readonly ApprovalRule[], votes: readonly ApprovalVote[]): boolean {
  const byHolder = new Map(votes.map((vote) => [vote.holder, vote]));
  const people = new Set(votes.map(({ by }) => by));
  // One person with two votes (an own one and a delegate's) is still one pair of eyes.
  if (Math.min(people.size, byHolder.size) < votesNeeded(rules)) return false;
  return rules.every(({ each_of = [] }) => dutiesCovered(each_of, [...byHolder.values()]));
}

/** Finds a different person for each duty, by augmenting paths; a person who gave two votes fills one duty. */
function dutiesCovered(duties: readonly string[], votes: readonly ApprovalVote[]): boolean {
  const people = new Map<string, Set<string>>();
  for (const { by, groups } of votes) people.set(by, new Set([...(people.get(by) ?? []), ...groups]));
  const dutyOf = new Map<string, number>();
  const place = (duty: number, tried: Set<string>): boolean => {
    for (const [person, groups] of people) {
      if (tried.has(person) || !groups.has(duties[duty] as string)) continue;
      tried.add(person);
      const held = dutyOf.get(person);
      if (held !== undefined && !place(held, tried)) continue;
      dutyOf.set(person, duty);
      return true;
    }
    return false;
  };
  return duties.every((_, duty) => place(duty, new Set()));
}
