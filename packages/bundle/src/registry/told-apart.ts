import { endpointsMeet, patternsMeet } from './http-endpoint.ts';
import type { Capability } from './registry-model.ts';

/** Can a call of one tool be told to be of the one capability or of the other: by its programs, or by its URL. */
export function areApart(left: Capability, right: Capability): boolean {
  if (left.id === right.id || left.adapter !== right.adapter) return false;
  if (left.adapter === 'http') return !endpointsMeet(left, right);
  if (left.adapter !== 'cli' || left.programs === undefined || right.programs === undefined) return false;
  return !left.programs.some((mine) => right.programs?.some((theirs) => programsMeet(mine, theirs)));
}

/** `git log` and `git` share calls; `git log` and `git status` do not. */
function programsMeet(left: string, right: string): boolean {
  if (patternsMeet(left, right)) return true;
  const [one, other] = [left.split(' '), right.split(' ')];
  const shared = Math.min(one.length, other.length);
  return one.slice(0, shared).every((word, index) => patternsMeet(word, other[index] as string));
}
